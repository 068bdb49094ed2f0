"""Plans as a planner makes them, written by hand, and arrays to run their kernels on.

The plans cover what generators must print: conditions, powers, draws, several receptors, constants,
time, names that a kernel uses itself.
"""

from dataclasses import dataclass, field

import numpy as np

from simulator import algebra, build, tables
from simulator.operations import InputRing, SpikeRing
from simulator.statements import (
    Constant,
    CurrentPlan,
    Draw,
    NeuronPlan,
    Parameter,
    Receptor,
    State,
    Statement,
)

RING = 8


def parameters(**defaults):
    return tuple(Parameter(name, float(value), "1") for name, value in defaults.items())


def statements(text):
    pairs = [line.split("=", 1) for line in text.strip().splitlines()]
    return tuple(Statement(target.strip(), expression.strip()) for target, expression in pairs)


LIF = NeuronPlan(
    name="lif",
    parameters=parameters(
        tau_m=20, tau_syn=5, cm=1, v_rest=-65, v_thresh=-50, v_reset=-70, tau_refrac=2, i_offset=0
    ),
    states=(
        State("v", "mV", "v_rest"),
        State("i_syn", "nA"),
        State("refractory_left", "1", hidden=True),
    ),
    constants=(
        Constant("decay", "exp(-dt/tau_m)"),
        Constant("syn_decay", "exp(-dt/tau_syn)"),
        Constant("gain", "(1 - decay)*tau_m/cm"),
        Constant("refractory_steps", "floor(tau_refrac/dt + 0.5)"),
    ),
    draws=(),
    receptors=(Receptor("excitatory", "excitatory_input", "nA"),),
    body=statements("""
        refractory = refractory_left > 0
        i_total = i_syn + i_inj + i_offset
        v = v if refractory else v_rest + (v - v_rest)*decay + i_total*gain
        refractory_left = refractory_left - 1 if refractory else refractory_left
        i_syn = i_syn*syn_decay + excitatory_input
        spike = v >= v_thresh and not refractory
        v = v_reset if spike else v
        refractory_left = refractory_steps if spike else refractory_left
    """),
    algebraic=statements("""
        i_total = i_syn + i_inj + i_offset
        power_density = i_total**2/cm + t
        is_high = i_total > 0.5
    """),
    algebraic_units=("nA", "1", "1"),
    uses_current=True,
)

NOISY = NeuronPlan(  # Izhikevich, IEEE Trans. Neural Networks 14 (2003), 1569, with noise
    name="noisy izhikevich",
    parameters=parameters(a=0.02, b=0.2, c=-65, d=8, lane=30, sigma=4),
    states=(State("v", "mV", "c"), State("u", "mV", "b*v")),
    constants=(),
    draws=(Draw("unused", "normal"), Draw("xi", "normal"), Draw("chance", "uniform")),
    receptors=(Receptor("fast", "fast_input", "mV"), Receptor("slow", "slow_input", "mV")),
    body=statements("""
        drive = sigma*xi + (6 if chance < 0.25 else 1)*(1.5 + 0.5*sin(2*pi*t/50))
        dv = 0.04*v**2 + 5*v + 140 - u + drive
        du = a*(b*v - u)
        v = v + dt*dv + fast_input + 0.5*slow_input
        u = max(u + dt*du, -100, -200.0)
        spike = v >= lane
        v = c if spike else v
        u = u + d if spike else u
    """),
)


def _adex():
    """Brette and Gerstner (2005), J. Neurophysiol. 94, 3637, by Runge-Kutta steps of order 4."""
    lines = []
    for k, part in enumerate((0, 0.5, 0.5, 1)):
        lines += [
            f"v{k} = v + {part}*dt*dv{k - 1}" if k else "v0 = v",
            f"w{k} = w + {part}*dt*dw{k - 1}" if k else "w0 = w",
            f"i{k} = g_leak*((v_rest - v{k}) + delta*exp(min((v{k} - v_soft)*per_delta, 20)))",
            f"dv{k} = (i{k} + g_syn*(e_syn - v{k}) - w{k} + i_inj + i_offset)*per_cm",
            f"dw{k} = (a*(v{k} - v_rest) - w{k})*per_tau_w",
        ]
    return NeuronPlan(
        name="adex",
        parameters=parameters(
            cm=0.281, g_leak=0.03, v_rest=-70.6, v_soft=-50.4, delta=2, a=0.004, b=0.0805,
            tau_w=144, v_reset=-70.6, v_peak=0, e_syn=0, tau_syn=5, i_offset=0.8,
        ),
        states=(State("v", "mV", "v_rest"), State("w", "nA"), State("g_syn", "uS")),
        constants=(
            Constant("per_delta", "1/delta"),
            Constant("per_cm", "1/cm"),
            Constant("per_tau_w", "1/tau_w"),
            Constant("syn_decay", "exp(-dt/tau_syn)"),
        ),
        draws=(),
        receptors=(Receptor("excitatory", "excitatory_input", "uS"),),
        body=statements("\n".join(lines)) + statements("""
            v = v + dt/6*(dv0 + 2*dv1 + 2*dv2 + dv3)
            w = w + dt/6*(dw0 + 2*dw1 + 2*dw2 + dw3)
            g_syn = g_syn*syn_decay + excitatory_input
            spike = v >= v_peak
            v = v_reset if spike else v
            w = w + b if spike else w
        """),
        uses_current=True,
    )  # fmt: skip


ADEX = _adex()

HODGKIN_HUXLEY = NeuronPlan(  # J. Physiol. 117 (1952), 500, shifted to a rest of -65 mV
    name="hodgkin_huxley",
    parameters=parameters(cm=1, i_offset=10),
    states=(
        State("v", "mV", "-65.0"),
        State("m", "1", "0.05"),
        State("h", "1", "0.6"),
        State("n", "1", "0.32"),
    ),
    constants=(),
    draws=(),
    receptors=(),
    body=statements("""
        v_old = v
        rise_m = 1/exprel(-(v + 40)/10)
        fall_m = 4*exp(-(v + 65)/18)
        rise_h = 0.07*exp(-(v + 65)/20)
        fall_h = 1/(1 + exp(-(v + 35)/10))
        rise_n = 0.1/exprel(-(v + 55)/10)
        fall_n = 0.125*exp(-(v + 65)/80)
        i_ion = 120*m**3*h*(50 - v) + 36*n**4*(-77 - v) + 0.3*(-54.4 - v)
        v = v + dt*(i_ion + i_offset)/cm
        m = m + (rise_m/(rise_m + fall_m) - m)*(1 - exp(-dt*(rise_m + fall_m)))
        h = h + (rise_h/(rise_h + fall_h) - h)*(1 - exp(-dt*(rise_h + fall_h)))
        n = n + (rise_n/(rise_n + fall_n) - n)*(1 - exp(-dt*(rise_n + fall_n)))
        spike = v_old < 0 <= v
    """),
)

NOISE = CurrentPlan(  # Ornstein-Uhlenbeck process, rounded to a level
    name="noise",
    parameters=parameters(mean=0.5, sigma=0.2, tau=10, start=1),
    states=(State("x", "nA", "mean"), State("count", "1")),
    constants=(Constant("decay", "exp(-dt/tau)"), Constant("kick", "sigma*sqrt(1 - decay**2)")),
    draws=(Draw("xi", "normal"),),
    body=statements("""
        amplitude = x if t >= start and not x < 0 else 0
        x = mean + (x - mean)*decay + kick*xi
        count = count + 1
    """),
)

ALL_NEURONS = (LIF, NOISY, ADEX, HODGKIN_HUXLEY)


def values_of(plan, dt_ms, **changed):
    """Parameters, constants and initial states by name."""
    values = {parameter.name: parameter.default for parameter in plan.parameters} | changed
    values |= build.constants(plan, values, dt_ms)
    for state in plan.states:
        values[state.name] = algebra.value(state.initial, values)
    return values


@dataclass
class Group:
    """Neurons on the CPU, with arrays as an engine would make them."""

    plan: NeuronPlan
    n: int
    values: dict
    dt_ms: float = 0.1
    precision: str = "float64"
    partition: tuple = ()
    seed: int = 1
    stream: int = 0
    varying: frozenset = field(init=False)

    def __post_init__(self):
        plan, real = self.plan, np.dtype(self.precision)
        numbers = {x.name for x in (*plan.parameters, *plan.constants)}
        self.varying = frozenset(k for k in numbers if np.ndim(self.values[k]))
        self.kernel = build.neuron_kernel(plan, self.varying, self.precision)
        size = tables.padded(self.n)
        self.partition = np.array(self.partition or (0, size // 16), np.int64)
        self.lanes = tables.aligned((size // 16, len(self.kernel.fields), 16), real)
        for k, name in enumerate(self.kernel.fields):
            column = np.broadcast_to(self.values[name], self.n)
            tables.set_lane_field(self.lanes, k, column)
        self.shared = np.array(
            [{**self.values, "dt": self.dt_ms}[name] for name in self.kernel.shared], real
        )
        threads = len(self.partition) - 1
        self.ring = SpikeRing(
            np.full((RING, size), -1, np.int32),
            np.zeros((RING, threads), np.int64),
            np.minimum(16 * self.partition, self.n),
        )
        self.inputs = [InputRing(np.zeros((RING, size), real)) for _ in plan.receptors]
        self.current = np.zeros(size, real)
        self.restart()

    def restart(self):
        self.table, self.keep = tables.neuron_table(
            self.plan, n=self.n, partition=self.partition, lanes=self.lanes, shared=self.shared,
            ring=self.ring, inputs=self.inputs, current=self.current, seed=self.seed,
            stream=self.stream, dt_ms=self.dt_ms,
        )  # fmt: skip

    def advance(self, step):
        """One step by all threads, one after the other; who fired."""
        for thread in range(len(self.partition) - 1):
            self.kernel.keep.ctypes(self.table.ctypes.data, step, thread)
        row, fired = step & (RING - 1), []
        for thread, first in enumerate(16 * self.partition[:-1]):
            fired += self.ring.ids[row, first : first + self.ring.counts[row, thread]].tolist()
        return fired

    def get(self, name):
        return tables.lane_field(self.lanes, self.kernel.fields.index(name), self.n)
