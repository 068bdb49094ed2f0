"""Words and addresses that the chip vendor's own open-source tests assert, copied on 2026-11-21.

Each row: block (or control register), index of the instance, fields that differ from their default, word
addresses, words, masks of the bits that the test asserts (None: all), source file and line.  Rows whose
source ends in "(derived)" were computed by hand from the layout and are a convenience, not evidence.
"""

import numpy as np

ALL_BITS = None
MADC_ADDRESSES = [*range(786433, 786443)]

REGISTERS = [
    ("neuron_config", 128 + 23, {"enable_readout_amplifier": 1, "connect_soma_right": 1, "readout_source": 3},
     [*range(1474746, 1474752)], [0, 112, 0, 0, 0, 1], [0, 112, 0, 0, 32, 1],
     "haldls/tests/sw/haldls/vx/v3/test-neuron.cpp:196"),
    ("neuron_backend", 0, {"address_out": 7, "connect_fire_to_right": 1, "enable_spike_out": 1, "enable_adaptation_pulse": 1},
     None, [0xFE, 0xCF, 0xFC, 0x18], [0x3F, 0x30, 0x40, 0x18],
     "haldls/tests/sw/haldls/vx/v3/test-neuron.cpp:377"),
    ("common_backend", 1,
     {"enable_event_registers": 0, "force_reset": 1, "enable_clocks": 1, "clock_scale_slow": 3, "clock_scale_fast": 7,
      "sample_positive_edge": [1, 0, 1, 1], "clock_scale_adaptation_pulse": 4, "clock_scale_post_pulse": 8,
      "wait_global_post_pulse": 186, "wait_spike_counter_reset": 220, "wait_spike_counter_read": 13,
      "wait_fire_neuron": 237},
     [1742848, 1742849], [8705846, 3977108666], [16777215, 4294967295],
     "haldls/tests/sw/haldls/vx/test-neuron.cpp:82"),
    ("capmem_neurons", (0, 0), {"value": 345}, [1310720], [345], ALL_BITS, "haldls/tests/sw/haldls/vx/v3/test-capmem.cpp:56"),
    ("capmem_neurons", (0, 0), {"value": 1023}, [1310720], [1023], ALL_BITS, "haldls/tests/sw/haldls/vx/v3/test-capmem.cpp:56"),
    ("capmem_neurons", (7, 5), {"value": 500}, [1310887], [500], ALL_BITS, "haldls/tests/sw/haldls/vx/v3/test-capmem.cpp:102"),
    ("capmem_neurons", (23, 127), {"value": 500}, [1314807], [500], ALL_BITS, "haldls/tests/sw/haldls/vx/v3/test-capmem.cpp:102"),
    ("capmem_shared", (0, 0, 4), {"value": 500}, [1314820], [500], ALL_BITS, "haldls/tests/sw/haldls/vx/v3/test-capmem.cpp:102"),
    ("capmem_config", 0,
     {"enable_capmem": 1, "debug_row": 1, "debug_column": 10, "debug_v_ref_select": 2, "debug_i_out_select": 2,
      "debug_out_amp_bias": 8, "debug_source_follower_bias": 9, "debug_level_shifter_bias": 10, "v_global_bias": 9,
      "current_cell_res": 23, "boost_factor": 6, "enable_boost": 1, "enable_autoboost": 1, "prescale_pause": 6,
      "prescale_ramp": 2, "sub_counter": 16, "pause_counter": 18, "pulse_a": 15, "pulse_b": 123, "boost_a": 13,
      "boost_b": 134},
     [*range(1327104, 1327114)], [8388608, 10, 2, 35241, 23, 2, 1713831952, 983163, 852102, 18], ALL_BITS,
     "haldls/tests/sw/haldls/vx/v3/test-capmem.cpp:197"),
    ("padi", 1,
     {"enable_spl1": [0, 1, 0, 1], "enable_extended_timing": [1, 0, 0, 0], "dacen_pulse_extension": [0, 0, 3, 0]},
     [1146881], [50331674], ALL_BITS, "haldls/tests/sw/haldls/vx/test-padi.cpp:200"),
    ("crossbar_outputs", (),
     {"enable_event_counter": np.eye(12, dtype=int)[7].tolist(), "enable_slow": np.eye(4, dtype=int)[2].tolist()},
     [1245184], [2052], ALL_BITS, "haldls/tests/sw/haldls/vx/test-routing_crossbar.cpp:86"),
    ("synapse_drivers", (1, 42),
     {"recovery": 7, "enable_receiver": 1, "row_mode_top": 1, "enable_readout": 1, "hagen_dac_offset": 21},
     [1148072, 1148073, 1148074], [48640, 10798, 66], [32768, 16175, 2],
     "haldls/tests/sw/haldls/vx/v3/test-synapse_driver.cpp:112"),
    ("madc", (), {}, MADC_ADDRESSES, [1280, 49248, 0, 0, 259, 457, 1, 249, 0, 81], ALL_BITS,
     "haldls/tests/sw/haldls/vx/test-madc.cpp:615 (derived)"),
    ("madc", (),
     {"active_mux_initially_selected_input": 0, "active_mux_input_select_length": 13, "sample_duration_adjust": 6,
      "enable_sar_reset_on_fall": 1, "sar_reset_wait": 1, "sar_reset_length": 2, "powerup_wait_value": 361,
      "conversion_cycles_offset": 10, "calibration_wait_value": 301, "enable_calibration": 0,
      "number_of_samples": 19275, "preamp_sampling_window_start": 5, "preamp_sampling_window_end": 18,
      "iconv_sampling_window_start": 9, "iconv_sampling_window_end": 26, "sample_on_positive_edge": 1,
      "enable_dummy_data": 0, "connect_preamp_to_madc": 1, "connect_pads_to_madc": 1, "connect_preamp_to_pads": 0,
      "preamp_gain_capacitor_size": 9, "enable_madc_clock_scaling": 0, "madc_clock_scale_value": 2748,
      "enable_active_mux_amplifiers": 0, "enable_pseudo_differential_reference_top": 1,
      "enable_pseudo_differential_reference_bottom": 1, "signal_selection_connect_current_meter": 0,
      "signal_selection_connect_active_mux": 1, "signal_selection_connect_debug": 0,
      "signal_selection_connect_preamp": 1, "enable_iconv_amplifier": 0, "connect_iconv_neuron_top": 1,
      "connect_iconv_neuron_bottom": 1, "connect_iconv_synapse_inhibitory": 0, "connect_iconv_synapse_excitatory": 1},
     MADC_ADDRESSES, [40656, 41321, 301, 19275, 581, 841, 1, 75, 5496, 2902], ALL_BITS,
     "haldls/tests/sw/haldls/vx/test-madc.cpp:615 (derived)"),
]  # fmt: skip

# Containers of four columns: block, index of the array element, field, value, the addresses of its quad, words.
COLUMNS = [
    ("synapses", (0, 12, 23), {"weight": 63}, [47121954], [63], "haldls/tests/sw/lola/vx/v3/test-synapse_matrix.cpp:111"),
    ("synapses", (0, 1, 28), {"weight": 61, "label": 63, "time_calib": 2, "amp_calib": 1}, [0x02CF0083, 0x02CF00C3],
     [0x0000B700, 0x00007F00], "haldls/tests/sw/haldls/vx/test-synapse.cpp:199"),
    ("column_correlation", (0, 28), {"enable_internal_causal": 1, "enable_debug_acausal": 1, "enable_cadc_neuron_readout_acausal": 1},
     [47153283, 47153347, 46153731, 46415875], [16384, 32768, 0, 8192],
     "haldls/tests/sw/haldls/vx/v3/test-column_correlation_quad.cpp:137"),
    ("column_correlation", (1, 23), {"enable_internal_causal": 1}, [63930530], [64],
     "haldls/tests/sw/lola/vx/v3/test-column_correlation_row.cpp:67"),
    ("column_current", (1, 23), {"enable_synaptic_current_excitatory": 1}, [62996514], [1],
     "haldls/tests/sw/lola/vx/v3/test-column_current_row.cpp:67"),
]  # fmt: skip

CONTROL = [
    (2281701381, {"enable_event_recording": 1}, 1, "haldls/tests/sw/haldls/vx/test-event_recording_config.cpp:44"),
    (786432, {"iconv_amp": 1, "pre_amp": 1, "continuous": 0, "power_down_after": 1, "stop": 0, "start": 0, "wake_up": 1},
     105, "haldls/tests/sw/haldls/vx/test-madc.cpp:103"),
]  # fmt: skip

# (word, bits lsb, width) of every MADCConfig field; the test asserts word and shift of random values.
MADC_LAYOUT = {
    "active_mux_initially_selected_input": (0, 3, 1), "active_mux_input_select_length": (0, 4, 4),
    "sample_duration_adjust": (0, 8, 3), "enable_sar_reset_on_fall": (0, 11, 1), "sar_reset_wait": (0, 12, 2),
    "sar_reset_length": (0, 14, 2), "powerup_wait_value": (1, 0, 10), "conversion_cycles_offset": (1, 12, 4),
    "calibration_wait_value": (2, 0, 10), "enable_calibration": (2, 15, 1), "number_of_samples": (3, 0, 16),
    "preamp_sampling_window_start": (4, 0, 5), "preamp_sampling_window_end": (4, 5, 5),
    "iconv_sampling_window_start": (5, 0, 5), "iconv_sampling_window_end": (5, 5, 5),
    "sample_on_positive_edge": (6, 0, 1), "enable_dummy_data": (6, 1, 1), "connect_preamp_to_madc": (7, 0, 1),
    "connect_pads_to_madc": (7, 1, 1), "connect_preamp_to_pads": (7, 2, 1), "preamp_gain_capacitor_size": (7, 3, 5),
    "enable_madc_clock_scaling": (8, 0, 1), "madc_clock_scale_value": (8, 1, 12),
    "enable_active_mux_amplifiers": (9, 0, 1), "enable_pseudo_differential_reference_top": (9, 1, 1),
    "enable_pseudo_differential_reference_bottom": (9, 2, 1), "signal_selection_connect_current_meter": (9, 3, 1),
    "signal_selection_connect_active_mux": (9, 4, 1), "signal_selection_connect_debug": (9, 5, 1),
    "signal_selection_connect_preamp": (9, 6, 1), "enable_iconv_amplifier": (9, 7, 1),
    "connect_iconv_neuron_top": (9, 8, 1), "connect_iconv_neuron_bottom": (9, 9, 1),
    "connect_iconv_synapse_inhibitory": (9, 10, 1), "connect_iconv_synapse_excitatory": (9, 11, 1),
}  # fmt: skip

# Words to the FPGA: (builder call, words); from the dictionary index and header rule of hxcomm (derived).
MESSAGES = [
    ("setup_timer", (), [288230376151711744]),
    ("wait_until", (291,), [360287970189639971]),
    ("reset", (True,), [648518346341351425]),
    ("halt", (), [720575940379279360]),
    ("loopback", (), [720575940379279361]),
    ("write", (3, 12), [792633598841716739, 864691128455135244]),
    ("read", (3,), [792633667561193475]),
]

SPIKE_PACKS = [
    ([4660], 936748722493067828),
    ([4660, 43981], 1008806316836432845),
    ([4660, 43981, 3855], 1080883927998861071),
]
