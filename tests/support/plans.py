"""Plans of the simulator, run in Python: slow, and simple enough to trust."""

import math

import numpy as np

from simulator.propagators import propagator


def exprel(x):
    return math.expm1(x) / x if x else 1.0


FUNCTIONS = {
    "exp": math.exp, "log": math.log, "log10": math.log10, "sqrt": math.sqrt, "sin": math.sin,
    "cos": math.cos, "tan": math.tan, "sinh": math.sinh, "cosh": math.cosh, "tanh": math.tanh,
    "exprel": exprel, "abs": abs, "sign": lambda x: float((x > 0) - (x < 0)),
    "floor": math.floor, "ceil": math.ceil, "min": min, "max": max, "pow": pow,
    "propagator": propagator, "__builtins__": {},
}  # fmt: skip


def evaluate(expression, names):
    """The value of an expression over numbers."""
    return eval(expression, FUNCTIONS, names)


def run(statements, names):
    """Execute statements on a dictionary of numbers, in place."""
    for one in statements:
        names[one.target] = evaluate(one.expression, names)


def constants_of(plan, dt, values=None):
    """Parameters (defaults where `values` says nothing), constants and ``dt``."""
    names = {one.name: one.default for one in plan.parameters} | (values or {})
    names["dt"] = dt
    for one in plan.constants:
        names[one.name] = evaluate(one.expression, names)
    return names


class Cell:
    """One neuron, or one current source, that a test steps by hand."""

    def __init__(self, plan, dt, seed=1, **values):
        self.plan, self.dt, self.steps = plan, dt, 0
        self.names = constants_of(plan, dt, values)
        self.random = np.random.default_rng(seed)
        for one in plan.states:
            self.names[one.name] = evaluate(one.initial, self.names)

    def __getitem__(self, name):
        for one in getattr(self.plan, "algebraic", ()):
            if one.target == name:
                return evaluate(one.expression, self.names)
        return self.names[name]

    def __setitem__(self, name, value):
        assert name in self.names
        self.names[name] = value

    def step(self, i_inj=0.0, **arriving):
        """One step; `arriving` gives sums of weights by receptor.  Returns whether it spiked."""
        names = dict(self.names, t=self.steps * self.dt, i_inj=i_inj)
        for one in self.plan.draws:
            is_normal = one.distribution == "normal"
            names[one.name] = self.random.normal() if is_normal else self.random.random()
        for one in getattr(self.plan, "receptors", ()):
            names[one.input] = arriving.pop(one.name, 0.0)
        assert not arriving
        for _ in range(getattr(self.plan, "substeps", 1)):
            run(getattr(self.plan, "substep", ()), names)
        run(self.plan.body, names)
        for one in self.plan.states:
            self.names[one.name] = names[one.name]
        self.names["amplitude"] = names.get("amplitude")
        self.steps += 1
        return bool(names.get("spike", False))
