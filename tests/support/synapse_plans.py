"""Plans of synapses, written by hand."""

from simulator.statements import Constant, Draw, Parameter, State, Statement, SynapsePlan


def _lines(text):
    return tuple(
        Statement(*(part.strip() for part in line.split("=", 1))) for line in text.split(";")
    )


PAIRS = SynapsePlan(
    name="pairs",
    parameters=(
        Parameter("A_plus", 0.1, "nA"),
        Parameter("A_minus", 0.12, "nA"),
        Parameter("tau_plus", 2.0, "ms"),
        Parameter("tau_minus", 3.0, "ms"),
        Parameter("w_max", 2.0, "nA"),
    ),
    states=(State("weight", "nA"), State("r", "1"), State("o", "1")),
    constants=(Constant("rate", "-1/tau_plus"),),
    pre_draws=(),
    post_draws=(),
    advance=_lines("r = r*exp(elapsed*rate); o = o*exp(-elapsed/tau_minus)"),
    on_pre=_lines("weight = max(0.0, weight - A_minus*o); r = r + 1; output = weight"),
    on_post=_lines("weight = min(w_max, weight + A_plus*r); o = o + 1"),
    on_both=_lines("weight = max(0.0, weight - A_minus*o_before); r = r + 1; output = weight"),
)
"""Additive spike-timing dependent plasticity of all pairs (Morrison et al. 2007)."""

DEPRESSION = SynapsePlan(
    name="depression",
    parameters=(Parameter("U", 0.4, "1"), Parameter("tau_rec", 5.0, "ms")),
    states=(State("weight", "nA"), State("x", "1", "1.0")),
    constants=(),
    pre_draws=(),
    post_draws=(),
    advance=_lines("x = 1 + (x - 1)*exp(-elapsed/tau_rec)"),
    on_pre=_lines("output = weight*U*x; x = x - U*x"),
    on_post=(),
    on_both=_lines("output = weight*U*x; x = x - U*x"),
)
"""Depressing synapses with constant use (Tsodyks and Markram 1997)."""

RELEASE = SynapsePlan(
    name="release",
    parameters=(Parameter("p", 0.5, "1"),),
    states=(State("weight", "nA"), State("last_draw", "1"), State("post_draw", "1")),
    constants=(),
    pre_draws=(Draw("u", "uniform"), Draw("g", "normal")),
    post_draws=(Draw("h", "normal"),),
    advance=(),
    on_pre=_lines("output = weight*g if u < p else 0; last_draw = u"),
    on_post=_lines("post_draw = post_draw + h"),
    on_both=_lines("output = weight*g if u < p else 0; last_draw = u"),
)
"""Transmission by chance, and a random walk with the target's spikes."""
