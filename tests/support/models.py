"""Models that tests of the simulator share, in its language, with PyNN's default parameters."""

from simulator.models import CurrentModel, NeuronModel, SynapseModel

LIF_PARAMETERS = """
    cm = 1.0 : nF
    tau_m = 20.0 : ms
    tau_syn_E = 5.0 : ms
    tau_syn_I = 5.0 : ms
    tau_refrac = 2.0 : ms
    v_rest = -65.0 : mV
    v_thresh = -50.0 : mV
    v_reset = -65.0 : mV
    i_offset = 0.0 : nA
"""
REVERSAL = "e_rev_E = 0.0 : mV; e_rev_I = -70.0 : mV"
LIF = {
    "initial": "v = v_rest",
    "threshold": "v >= v_thresh",
    "reset": "v = v_reset",
    "refractory": "tau_refrac",
}

IF_CURR_EXP = NeuronModel(
    "IF_curr_exp",
    LIF_PARAMETERS,
    """
    dv/dt = (v_rest - v)/tau_m + (i_exc + i_inh + i_inj + i_offset)/cm : mV (unless refractory)
    di_exc/dt = -i_exc/tau_syn_E : nA
    di_inh/dt = -i_inh/tau_syn_I : nA
    """,
    receptors={"excitatory": "i_exc += weight", "inhibitory": "i_inh += weight"},
    **LIF,
)
IF_CURR_ALPHA = NeuronModel(
    "IF_curr_alpha",
    LIF_PARAMETERS,
    """
    dv/dt = (v_rest - v)/tau_m + (i_exc + i_inh + i_inj + i_offset)/cm : mV (unless refractory)
    di_exc/dt = a_exc - i_exc/tau_syn_E : nA
    da_exc/dt = -a_exc/tau_syn_E : nA/ms
    di_inh/dt = a_inh - i_inh/tau_syn_I : nA
    da_inh/dt = -a_inh/tau_syn_I : nA/ms
    """,
    receptors={
        "excitatory": "a_exc += weight*exp(1)/tau_syn_E",
        "inhibitory": "a_inh += weight*exp(1)/tau_syn_I",
    },
    **LIF,
)
IF_CURR_DELTA = NeuronModel(
    "IF_curr_delta",
    LIF_PARAMETERS,
    "dv/dt = (v_rest - v)/tau_m + (i_inj + i_offset)/cm : mV (unless refractory)",
    receptors={"excitatory": "v += weight", "inhibitory": "v += weight"},
    **LIF,
)
IF_COND_EXP = NeuronModel(
    "IF_cond_exp",
    LIF_PARAMETERS + REVERSAL,
    """
    i_syn = g_exc*(e_rev_E - v) + g_inh*(e_rev_I - v) : nA
    dv/dt = (v_rest - v)/tau_m + (i_syn + i_inj + i_offset)/cm : mV (unless refractory)
    dg_exc/dt = -g_exc/tau_syn_E : uS
    dg_inh/dt = -g_inh/tau_syn_I : uS
    """,
    receptors={"excitatory": "g_exc += weight", "inhibitory": "g_inh += weight"},
    **LIF,
)
ADEX = NeuronModel(
    "EIF_cond_exp_isfa_ista",
    """
    cm = 0.281 : nF
    tau_m = 9.3667 : ms
    tau_w = 144.0 : ms
    tau_syn_E = 5.0 : ms
    tau_syn_I = 5.0 : ms
    tau_refrac = 0.1 : ms
    v_rest = -70.6 : mV
    v_thresh = -50.4 : mV
    v_spike = -40.0 : mV
    v_reset = -70.6 : mV
    delta_T = 2.0 : mV
    a = 4.0 : nS
    b = 0.0805 : nA
    i_offset = 0.0 : nA
    """
    + REVERSAL,
    """
    u = min(v, v_spike) : mV     # the exponential must not run away within a step
    i_syn = g_exc*(e_rev_E - u) + g_inh*(e_rev_I - u) : nA
    dv/dt = (v_rest - u + delta_T*exp((u - v_thresh)/delta_T))/tau_m
            + (i_syn + i_inj + i_offset - w)/cm : mV (unless refractory)
    dw/dt = (a*(u - v_rest) - w)/tau_w : nA
    dg_exc/dt = -g_exc/tau_syn_E : uS
    dg_inh/dt = -g_inh/tau_syn_I : uS
    """,
    initial="v = v_rest",
    threshold="v >= v_spike",
    reset="v = v_reset; w += b",
    refractory="tau_refrac",
    receptors={"excitatory": "g_exc += weight", "inhibitory": "g_inh += weight"},
)
HODGKIN_HUXLEY = NeuronModel(
    "HH_cond_exp",
    """
    cm = 0.2 : nF
    gbar_Na = 20.0 : uS
    gbar_K = 6.0 : uS
    g_leak = 0.01 : uS
    v_offset = -63.0 : mV
    e_rev_Na = 50.0 : mV
    e_rev_K = -90.0 : mV
    e_rev_leak = -65.0 : mV
    e_rev_E = 0.0 : mV
    tau_syn_E = 0.2 : ms
    i_offset = 0.0 : nA
    """,
    """
    x = (v - v_offset)/mV : 1
    alpha_m = 1.28/exprel((13 - x)/4)/ms : 1/ms
    beta_m = 1.4/exprel((x - 40)/5)/ms : 1/ms
    alpha_h = 0.128*exp((17 - x)/18)/ms : 1/ms
    beta_h = 4/(1 + exp((40 - x)/5))/ms : 1/ms
    alpha_n = 0.16/exprel((15 - x)/5)/ms : 1/ms
    beta_n = 0.5*exp((10 - x)/40)/ms : 1/ms
    i_ion = gbar_Na*m**3*h*(e_rev_Na - v) + gbar_K*n**4*(e_rev_K - v)
            + g_leak*(e_rev_leak - v) + g_exc*(e_rev_E - v) : nA
    dv/dt = (i_ion + i_inj + i_offset)/cm : mV
    dm/dt = alpha_m*(1 - m) - beta_m*m : 1
    dh/dt = alpha_h*(1 - h) - beta_h*h : 1
    dn/dt = alpha_n*(1 - n) - beta_n*n : 1
    dg_exc/dt = -g_exc/tau_syn_E : uS
    """,
    initial="v = -65*mV; h = 1",
    threshold="v >= 0*mV",
    receptors={"excitatory": "g_exc += weight"},
)


def izhikevich(**options):
    """Izhikevich (2003), IEEE Transactions on Neural Networks 14, 1569, with PyNN's units."""
    return NeuronModel(
        "Izhikevich",
        "a = 0.02 : 1/ms; b = 0.2 : 1/ms; c = -65.0 : mV; d = 2.0 : mV/ms; cm = 1.0 : pF",
        """
        dv/dt = 0.04/ms/mV*v**2 + 5/ms*v + 140*mV/ms - u + i_inj/cm : mV
        du/dt = a*(b*v - u) : mV/ms
        """,
        initial="v = -70*mV; u = b*v",
        threshold="v >= 30*mV",
        reset="v = c; u += d",
        receptors={"excitatory": "v += weight", "inhibitory": "v += weight"},
        **options,
    )


STATIC = SynapseModel("static")
STDP = SynapseModel(
    "stdp",
    """
    tau_plus = 20.0 : ms
    tau_minus = 30.0 : ms
    A_plus = 0.01 : 1
    A_minus = 0.012 : 1
    w_min = 0.0 : weight
    w_max = 1.0 : weight
    """,
    """
    dr/dt = -r/tau_plus : 1
    do/dt = -o/tau_minus : 1
    """,
    on_pre="weight = clip(weight - A_minus*w_max*o, w_min, w_max); r += 1",
    on_post="weight = clip(weight + A_plus*w_max*r, w_min, w_max); o += 1",
)
DC = CurrentModel(
    "dc",
    "level = 1.0 : nA; start = 10.0 : ms; stop = 20.0 : ms",
    amplitude="where(t >= start and t < stop, level, 0)",
)
