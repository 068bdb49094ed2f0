"""What the PyNN interface promises, row by row, and the tests that hold it to that.

The rows are those of the specification that the chip backend follows, section by section, under
short names of our own.  `test_pynn_api_rows.py` checks that every named test exists.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Later:
    """A row that is not there yet, and why."""

    reason: str


@dataclass(frozen=True)
class File:
    """A file of tests; called with names, less their ``test_``, it gives their node ids."""

    path: str

    def __call__(self, *names: str) -> tuple[str, ...]:
        return tuple(f"{self.path}::test_{name}" for name in names)


_UNIT, _SYSTEM = "unit/pynn_hx", "system"
API, MORPHOLOGY, VENDOR = f"{_UNIT}/api", f"{_UNIT}/morphology", f"{_UNIT}/vendor"
NAMES, LIFE, CELLS, LATER = (
    File(f"{API}/test_{name}.py") for name in ("names", "life_cycle", "cells", "later")
)
RUNS, RECORDINGS, EXAMPLES, NETWORKS = (
    File(f"{_SYSTEM}/test_api_{name}.py") for name in ("runs", "recording", "examples", "cells")
)
(
    CONTROL, SESSION, POPULATIONS, RECORDING, HXNEURON, CALIBRATED, SOURCES, SYNAPSES, PROJECTIONS,
    VALUES, ENDS, CONNECTORS, LISTED, SMALL_WORLD, PLACED, INJECTION, HELPER, COMPILE, TARGETS,
    LOGGER,
) = (
    File(f"{_UNIT}/test_{name}.py")
    for name in (
        "control", "session", "populations", "recording", "cells", "calibrated", "sources",
        "synapses", "projections", "projection_values", "projection_ends", "connectors",
        "listed_connections", "small_world", "placed_connections", "injection", "helper",
        "compile", "targets", "logger",
    )
)  # fmt: skip
SNIPPETS, WORDS, CALIBRATION_RUNS = (
    File(f"{_SYSTEM}/test_{name}.py") for name in ("snippets", "chip_in_words", "calibrated_cells")
)
REPORT, PARTITION, READOUT, PLACE, BACKGROUND = (
    File(f"{_UNIT}/mapping/test_{name}.py")
    for name in ("report", "partition", "readout", "place", "background")
)
ROUTE, ROUTE_BACKGROUND = (
    File(f"oracle/routing/test_{name}.py") for name in ("route", "background")
)
ANALOG, FIRE, COUPLED = (
    File(f"unit/emulator/test_{name}.py")
    for name in ("analog", "fire_connections", "coupled_neurons")
)
ADEX = File("unit/emulator/test_published_figures.py")
PATTERNS = File("oracle/analytic/test_adex_patterns.py")
PLOTTER = File(f"{_UNIT}/utils/test_chip_plotter.py")
PARTS, CREATE, MC_NEURON, MC_VALUES, MEMBRANES = (
    File(f"{MORPHOLOGY}/test_{name}.py")
    for name in ("parts", "create", "neuron", "parameters", "membranes")
)

PLASTICITY = Later("programs of the on-chip processors come with a later version")

ROWS: dict[str, dict[str, tuple[str, ...] | Later]] = {
    "1 imports": {
        "modules of PyNN": NAMES("modules_of_pynn_can_be_taken_from_here"),
        "functions": NAMES("functions_are_there", "every_public_name_exists"),
        "classes": NAMES("classes_are_there"),
        "sub-modules": NAMES("modules_are_there_and_listed"),
        "layers below": NAMES("layers_below_another_backend_are_named_as_absent_with_a_way_out"),
        "spellings of cells and synapses": NAMES(
            "the_three_spellings_of_cells_and_synapses_mean_the_same"
        ),
        "morphology, chip plotter": NAMES("what_morphology_and_plotting_offer"),
        "examples": EXAMPLES(
            "single_neuron_a_neuron_with_its_leak_over_its_threshold_fires_regularly",
        ),
        "logger": LOGGER(
            "messages_of_the_level_and_above_are_written", "every_level_has_both_methods"
        ),
    },
    "2 life cycle": {
        "no state outside setup and end": CONTROL(
            "there_is_no_session_before_setup_and_after_end",
            "without_a_session_the_way_out_is_named",
        ),
        "getters outside": LIFE("questions_without_a_session_are_runtime_errors"),
        "setup twice": CONTROL("setup_returns_the_rank_and_replaces_the_session"),
        "states": LIFE("running_is_true_between_an_execution_and_the_reset"),
        "snippets without a gap": SNIPPETS("membranes_continue_over_snippets"),
        "anything may change between snippets": SNIPPETS(
            "weights_parameters_and_recordings_belong_to_their_snippet",
            "each_snippet_plays_its_part_of_the_spike_times",
            "a_neuron_created_between_snippets_is_part_of_the_later_ones",
        ),
        "reset": (
            *SNIPPETS("reset_drops_what_was_queued"),
            *RECORDING("each_reset_keeps_a_segment_and_filtering_destroys_nothing"),
        ),
        "end": (
            *CONTROL("end_writes_what_record_asked_for"),
            *LIFE(
                "end_closes_a_connection_that_the_session_opened",
                "a_second_end_needs_a_session",
            ),
        ),
    },
    "2 units": {
        "times in ms": LIFE("every_form_of_run_returns_the_time"),
        "rates in Hz": NETWORKS(
            "generators_on_the_chip_have_their_rates_and_reach_neurons_and_host"
        ),
        "time constants in us": CALIBRATION_RUNS(
            "the_membrane_relaxes_with_its_time_constant",
            "a_synaptic_line_recovers_with_its_time_constant",
        ),
        "FPGA clock": LIFE("clocks_have_their_published_rates"),
        "processor clock of timers": PLASTICITY,
        "neuron clock": File("unit/calibration/test_refractory.py")(
            "two_microseconds_are_32_counts_of_64_ns_as_the_vendor_chooses"
        ),
        "generator clock": BACKGROUND("the_fastest_generator_has_an_event_in_nearly_every_cycle"),
        "truncation to cycles": COMPILE(
            "times_are_truncated_to_whole_cycles_but_not_below_them",
            "events_leave_at_their_experiment_time",
        ),
        "MADC spacing": RECORDING("an_analog_signal_has_times_values_and_annotations"),
        "ranges of the converters": RECORDINGS(
            "samples_have_their_documented_ranges_and_times_their_resolution"
        ),
        "CADC spacing": SNIPPETS("the_columns_adc_shows_all_neurons_at_once_in_its_own_units"),
        "analog memory 0..1022": HXNEURON(
            "codes_out_of_range_are_refused_when_the_population_is_made"
        ),
    },
    "2.1 run": {
        "PREPARE": POPULATIONS("precedence_of_default_configuration_constructor_and_set"),
        "APPEND": SNIPPETS("each_snippet_plays_its_part_of_the_spike_times"),
        "EXECUTE": CONTROL("a_second_run_needs_a_reset"),
        "EXECUTE what is queued": SNIPPETS("membranes_continue_over_snippets"),
        "wrong arguments": CONTROL("runs_that_cannot_be"),
        "a refused run leaves no snippet": SNIPPETS(
            "a_refused_snippet_leaves_the_queue_as_it_was",
            "nothing_can_follow_an_executed_experiment_but_a_reset",
        ),
        "mapping errors at run": POPULATIONS(
            "a_loop_larger_than_the_chip_is_refused_with_both_numbers"
        ),
    },
    "3 functions": {
        "setup": CONTROL(
            "setup_returns_the_rank_and_replaces_the_session",
            "a_refused_setup_leaves_the_earlier_session_alone",
        ),
        "setup, old names and delays": LIFE("setup_refuses_old_names_and_delays_that_cannot_be"),
        "end": CONTROL("end_writes_what_record_asked_for"),
        "run, run_for": LIFE("every_form_of_run_returns_the_time"),
        "run_until": (
            *CONTROL("run_until_runs_for_what_is_left"),
            *SNIPPETS("callbacks_change_the_network_from_their_time_on"),
        ),
        "reset": LIFE("annotations_of_a_reset_are_those_of_its_segment"),
        "preprocess": CONTROL("preprocess_is_a_deprecated_name_for_prepare"),
        "list_standard_models, times, delays, processes": CONTROL("state_queries"),
        "create, connect, set, initialize": LIFE(
            "pynns_procedural_interface_makes_a_network_and_records_it"
        ),
        "record": LIFE("the_procedural_record_writes_its_file"),
        "get_pre_realtime_read, get_post_realtime_read": (
            *LIFE("what_is_there_before_a_run_after_prepare_and_after_a_run"),
            *EXAMPLES("crossbar_counters_count_the_events_that_were_sent"),
        ),
        "get_post_realtime_read_ppu_symbols": LATER("symbols_of_the_on_chip_processors_are_none"),
        "get_backend_statistics": REPORT(
            "everything_a_network_takes_is_counted",
            "it_prints_as_a_table_that_names_itself",
            "before_mapping_and_before_setup_there_is_none",
        ),
        "get_execution_instance_data": LIFE(
            "what_is_there_before_a_run_after_prepare_and_after_a_run"
        ),
    },
    "3.1 keywords of setup": {
        "max_delay": CONTROL("state_queries"),
        "neuronPermutation": (
            *POPULATIONS("a_permutation_chooses_the_circuits"),
            *PLACE("permutations_that_cannot_name_circuits_are_refused"),
            *LIFE("a_permutation_may_be_shorter_than_the_chip"),
        ),
        "backgroundPermutation": (
            *PLACE("generators_are_named_by_the_four_buses"),
            *ROUTE_BACKGROUND("the_permutation_says_which_bus_a_population_is_on"),
        ),
        "enable_neuron_bypass": (
            *LIFE("a_bypass_replaces_the_configuration_and_says_so"),
            *RUNS(
                "in_bypass_mode_injected_spikes_come_back_within_ten_microseconds",
                "in_bypass_mode_inhibition_fires_too_and_nothing_is_integrated",
            ),
        ),
        "initial_config": (
            *POPULATIONS("precedence_of_default_configuration_constructor_and_set"),
            *CONTROL("setup_keeps_its_own_copy_of_the_initial_config"),
            *SESSION("mapping_never_changes_the_initial_configuration"),
        ),
        "injected_config": RUNS(
            "sections_of_a_run_follow_each_other_and_the_network_comes_after_the_first"
        ),
        "injected_readout": EXAMPLES("crossbar_counters_count_the_events_that_were_sent"),
        "connection": CONTROL(
            "a_connection_that_was_passed_stays_open_and_serves_several_sessions"
        ),
        "connection from the environment": TARGETS(
            "the_environment_names_the_target_and_an_argument_wins"
        ),
        "calibration_cache": LATER("a_place_for_stored_calibrations_is_refused"),
        "a store of calibrations": Later("nominal codes are computed at once; there is no search"),
        "injected_calib_target, injected_calib_options": LATER(
            "calibration_settings_have_their_defaults_and_no_others"
        ),
        "unknown": CONTROL("a_refused_setup_leaves_the_earlier_session_alone"),
    },
    "4 injection": {
        "sections as dicts and builders": (
            *INJECTION("a_section_is_a_dict_or_a_builder"),
            *RUNS("a_section_may_be_a_builder"),
        ),
        "inside_realtime filled after PREPARE": RUNS(
            "what_is_injected_inside_may_be_filled_after_the_mapping"
        ),
        "order of sections": RUNS(
            "sections_of_a_run_follow_each_other_and_the_network_comes_after_the_first"
        ),
        "readout": INJECTION("every_section_of_a_readout_is_delivered"),
        "ppu_symbols": INJECTION("symbols_of_the_on_chip_processor_come_later"),
        "memory of the processors": PLASTICITY,
        "containers scripts use": (
            *EXAMPLES("crossbar_counters_count_the_events_that_were_sent"),
            *File(f"{VENDOR}/test_composite.py")(
                "a_matrix_has_the_word_at_the_place_that_the_vendor_says",
                "rows_write_what_the_chips_configuration_says",
            ),
            *File(f"{VENDOR}/test_neuron.py")(
                "words_are_those_of_a_configuration_with_these_settings",
            ),
        ),
        "results that apply themselves to a builder": Later(
            "searching calibrations, whose results these are, come with a later version"
        ),
    },
    "5 HXNeuron": {
        "recordables, receptors, units": HXNEURON(
            "what_can_be_recorded_and_received_and_in_which_units"
        ),
        "names of parameters": HXNEURON("seventy_circuit_parameters_and_two_for_plasticity_rules"),
        "values": HXNEURON(
            "numbers_are_truncated_for_codes_and_mean_on_or_off_for_flags",
            "values_may_be_lists_functions_and_random",
        ),
        "ranges": HXNEURON("codes_out_of_range_are_refused_when_the_population_is_made"),
        "unknown and hidden names": HXNEURON("unknown_and_hidden_parameters_do_not_exist"),
        "silent by default": CELLS("silent_and_unrecorded_neurons_are_counted_as_what_they_are"),
        "ReadoutSource, plasticity parameters": HXNEURON(
            "parameters_of_plasticity_rules_are_stored"
        ),
        "plasticity_rule": HXNEURON("a_plasticity_rule_is_refused_for_now"),
        "create_hw_entity": HXNEURON(
            "a_hardware_entity_has_the_parameters_that_exist_and_ignores_the_rest",
        ),
        "no current sources": CELLS("there_are_no_current_sources_and_the_way_out_is_named"),
    },
    "5.1 parameters act": {
        "all reach their registers": HXNEURON(
            "codes_are_written_where_they_are_chosen_and_learnt_where_cells_lie"
        ),
        "defaults": HXNEURON("three_flags_and_one_count_are_set_by_default"),
        "synaptic inputs": ANALOG(
            "a_weak_event_gives_a_double_exponential",
            "psp_gain_and_linearity_are_the_published_ones",
            "a_bias_of_zero_kills_its_block",
        ),
        "conductance mode": ANALOG("conductance_mode_scales_an_input_with_the_membrane"),
        "time constant of inputs": CALIBRATION_RUNS(
            "a_synaptic_line_recovers_with_its_time_constant"
        ),
        "leak": ANALOG(
            "small_deviations_relax_exponentially",
            "leak_flags_scale_the_time_constant_as_documented",
        ),
        "reset": ANALOG("the_fastest_reset_takes_half_a_microsecond"),
        "threshold": CALIBRATION_RUNS("the_membrane_fires_at_its_threshold"),
        "capacitance": MEMBRANES("capacitors_of_joined_circuits_add"),
        "refractory period": ANALOG(
            "reset_begins_and_ends_on_exact_ticks",
            "a_pause_keeps_inputs_from_the_membrane_during_the_reset",
        ),
        "constant current": ANALOG(
            "rheobase_of_the_offset_current",
            "the_offset_current_sinks_as_well",
        ),
        "adaptation": ADEX(
            "step_response_overshoots_on_both_edges",
            "adaptation_voltage_rises_to_470_and_decays_from_there",
            "inverted_b_turns_the_steps_round",
        ),
        "exponential term": PATTERNS("the_named_pattern_appears"),
        "joined circuits": COUPLED(
            "two_joined_membranes_rest_at_the_mean_of_their_leaks",
            "the_chain_attenuates_as_published",
        ),
        "bypass": WORDS(
            "a_bypass_turns_an_event_into_a_spike",
            "a_weak_event_bypasses_only_a_neuron_that_fires_strongly",
        ),
        "address": POPULATIONS("an_address_that_routing_will_overwrite_is_said_so"),
        "unbuffered access": READOUT("an_unbuffered_pad_gets_the_stimulus_line_of_its_half"),
        "logic of neighbours": FIRE(
            "logic_makes_the_events_that_its_definition_gives_for_the_spikes"
        ),
    },
    "5.2 precedence": {
        "default, chip, constructor, set": POPULATIONS(
            "precedence_of_default_configuration_constructor_and_set"
        ),
        "before the mapping": POPULATIONS("values_under_an_initial_config_wait_for_the_mapping"),
    },
    "6.1 calibrated cells": {
        "parameters, units, defaults": CALIBRATED(
            "parameters_defaults_and_units_are_the_documented_ones"
        ),
        "one value per chip": NETWORKS(
            "targets_that_a_chip_has_once_are_refused_at_the_run_if_they_differ"
        ),
        "warnings outside the range": CALIBRATED(
            "outside_the_documented_range_there_is_one_warning_and_inside_none"
        ),
        "limits": CALIBRATED(
            "targets_that_no_code_holds_are_refused_when_they_are_said",
            "times_beyond_what_can_be_fitted_are_refused",
        ),
        "truncation": CALIBRATED("voltages_and_biases_are_truncated_and_times_are_not"),
        "unknown keywords": CALIBRATED(
            "reversal_potentials_belong_to_conductances_and_other_names_to_nobody"
        ),
        "recordables, receptors": CALIBRATED(
            "recordables_and_receptors_are_those_of_the_raw_neuron"
        ),
        "unit of tau_refrac": CELLS("units_of_times_and_variables"),
        "calib_target, calib_hwparams, actual_hwparams": NETWORKS(
            "results_of_the_calibration_exist_from_the_mapping_on",
            "settings_changed_through_any_view_are_those_that_run",
        ),
        "silent alone, fires under Poisson input": NETWORKS(
            "a_calibrated_neuron_is_silent_alone_and_fires_under_ten_poisson_sources",
        ),
        "fires with its leak high": EXAMPLES(
            "calibrated_neurons_keep_their_targets_and_fire_if_their_leak_is_raised",
        ),
        "five inputs at once": NETWORKS("five_inputs_at_once_show_on_membrane_and_line"),
        "targets are met by single chips": Later("codes are nominal; a search comes later"),
    },
    "6.2 sources": {
        "SpikeSourceArray": SOURCES(
            "spike_times_are_shared_or_given_for_each_cell",
            "lists_arrays_and_sequences_may_be_mixed",
        ),
        "equal lists collapse": POPULATIONS(
            "spike_times_are_read_back_as_sequences_and_collapse_if_equal"
        ),
        "part of each snippet": SNIPPETS("each_snippet_plays_its_part_of_the_spike_times"),
        "SpikeSourcePoisson": (
            *SOURCES(
                "a_poisson_source_needs_all_its_parameters",
                "counts_have_mean_and_variance_of_a_poisson_process",
                "the_global_seed_of_numpy_fixes_the_trains",
            ),
            *NETWORKS(
                "a_poisson_source_is_the_same_for_all_targets_and_in_every_run_until_it_changes",
            ),
        ),
        "SpikeSourcePoissonOnChip": (
            *SOURCES("a_generator_has_one_rate_and_one_seed"),
            *NETWORKS(
                "generators_on_the_chip_have_their_rates_and_reach_neurons_and_host",
                "generators_that_the_chip_lacks_are_refused_at_the_run",
            ),
            *BACKGROUND("any_rate_is_met_within_half_a_step_of_the_rate_code"),
        ),
        "OffChipSource": SOURCES("the_spike_link_is_not_there"),
        "recording of sources": RECORDING("sources_return_their_own_spikes_within_the_run"),
        "ExternalNeuron": NAMES("external_neurons_are_told_by_their_base_class"),
    },
    "6.3 morphology": {
        "Compartment": PARTS(
            "a_compartment_keeps_what_it_was_given",
            "arguments_of_another_form_are_refused",
        ),
        "SharedLineConnection": PARTS("a_connection_of_the_shared_line_is_a_tuple_with_names"),
        "create_mc_neuron": CREATE(
            "a_class_says_what_it_is_made_of",
            "arguments_of_another_form_are_refused",
            "what_is_not_one_neuron_is_refused",
        ),
        "labels": CREATE("labels_are_found_and_may_be_shared"),
        "parameters": (
            *CREATE(
                "neurons_have_the_65_parameters_of_a_circuit_that_the_morphology_leaves",
                "what_compartments_say_becomes_the_default",
            ),
            *NETWORKS(
                "parameters_of_compartments_are_read_and_set_as_numbers_or_by_circuit",
            ),
        ),
        "McCircuitParameters": MC_VALUES("nested_lists_come_back"),
        "single_active_circuit": CREATE(
            "one_active_circuit_switches_leak_capacitor_and_threshold_of_the_others_off",
        ),
        "precedence": MC_NEURON(
            "compartments_go_before_the_configuration_and_what_is_given_before_both",
        ),
        "locations": NETWORKS(
            "compartments_are_recorded_and_excited_by_their_labels",
            "unknown_compartments_are_refused",
        ),
    },
    "7 populations": {
        "IDs": POPULATIONS("ids_are_consecutive_over_all_populations"),
        "class and parameters": POPULATIONS("class_and_parameters_apart_still_work"),
        "size 0": POPULATIONS("a_population_of_no_cells_is_refused"),
        "labels": CELLS("default_labels_count_populations"),
        "index forms": POPULATIONS("every_form_of_index_selects_the_cells"),
        "first_id, last_id, single cells": CELLS("single_cells_are_ids_with_parameters"),
        "size, len": CELLS("sizes_and_lengths_agree"),
        "get": POPULATIONS("get_simplifies_unless_told_otherwise"),
        "set": CELLS("values_of_all_cells_of_a_population_may_be_set_at_once"),
        "find_units": CELLS("everything_a_cell_has_has_a_unit"),
        "describe": CELLS("a_description_is_never_stale"),
        "record, get_data, write_data": RECORDING("data_can_be_written_and_read_back"),
        "can_record": CELLS("what_can_be_recorded_can_be_asked"),
        "get_plasticity_data": LATER("without_a_rule_there_are_no_observables"),
        "assemblies record": CELLS(
            "an_assembly_sets_gets_counts_and_records_with_a_device",
            "data_of_an_assembly_are_those_of_its_members_by_segment",
        ),
        "assemblies as ends": ENDS(
            "an_assembly_numbers_its_cells_member_by_member",
            "weights_between_assemblies_are_set_and_read_like_others",
        ),
        "spike counts": RECORDING("spike_counts_by_id"),
        "initialize": POPULATIONS("initial_values_have_no_effect_and_say_so"),
        "inject": CELLS("there_are_no_current_sources_and_the_way_out_is_named"),
    },
    "8 projections": {
        "defaults": PROJECTIONS("default_synapse_weight_and_receptor"),
        "StaticSynapse": SYNAPSES("without_arguments_a_synapse_has_no_weight_and_no_delay"),
        "PlasticSynapse": SYNAPSES("a_plastic_synapse_without_a_rule_is_a_static_one"),
        "StaticRecordingSynapse": SYNAPSES("plasticity_is_announced_for_later"),
        "weights": PROJECTIONS(
            "weights_are_rounded_like_python_rounds",
            "the_sign_of_a_weight_belongs_to_its_receptor",
        ),
        "weights beyond 63": PLACED("every_connection_has_as_many_synapses_as_its_weight_needs"),
        "inhibition of conductances": (
            *VALUES("inhibition_of_conductance_based_cells_takes_either_sign"),
            *NETWORKS("inhibition_lowers_the_membrane_of_a_conductance_based_neuron"),
        ),
        "delay": PROJECTIONS("delays_other_than_zero_are_refused_when_said"),
        "order and attributes of connections": PROJECTIONS(
            "all_to_all_is_sorted_by_pre_then_post",
            "views_number_their_own_cells_and_reach_the_right_ones",
        ),
        "get": VALUES(
            "get_gives_lists_with_and_without_addresses",
            "get_refuses_what_is_not_there",
        ),
        "several synapses of a pair": PROJECTIONS("several_synapses_of_a_pair_are_joined_as_asked"),
        "set": VALUES("set_takes_numbers_arrays_lists_and_expressions"),
        "old names": VALUES("old_names_still_work_and_say_that_they_are_old"),
        "placed_connections": PLACED(
            "synapses_of_all_projections_are_distinct_and_know_their_parts",
            "before_the_mapping_there_is_no_place",
        ),
        "get_data": LATER("without_a_rule_there_are_no_observables"),
        "compartments": ENDS("connectors_choose_compartments_by_their_labels"),
        "equal and self projections": PROJECTIONS(
            "a_projection_onto_itself_and_a_second_equal_one_are_legal"
        ),
        "connectors": (
            *CONNECTORS(
                "the_chips_module_has_all_connectors_of_pynn",
                "a_single_presynaptic_cell_connects_as_several_do",
            ),
            *File("oracle/connectors/test_against_mock.py")(
                "connections_between_populations_are_pynns",
            ),
        ),
        "locations of connectors": CONNECTORS(
            "every_connector_takes_a_location_for_each_end",
            "a_location_on_a_point_neuron_or_source_is_refused_and_leaves_no_projection",
        ),
        "one to one of unequal sizes": PROJECTIONS("one_to_one_connects_the_overlap"),
        "lists and files": LISTED(
            "what_is_saved_can_be_connected_from_its_file",
            "columns_must_be_parameters_of_the_synapse",
        ),
        "small world": SMALL_WORLD("the_share_of_shortcuts_is_the_probability_of_rewiring"),
        "limits of the chip": (
            *ROUTE(
                "257_synapses_of_a_neuron_are_refused",
                "both_signs_share_a_column_but_no_row",
            ),
            *ROUTE_BACKGROUND("a_fifth_population_is_refused"),
            *PLACE("too_many_neurons_are_refused_with_both_numbers"),
        ),
        "networks larger than the chip": (
            *EXAMPLES("a_network_larger_than_the_chip_runs_in_parts"),
            *PARTITION("a_circle_larger_than_a_chip_is_refused_with_both_numbers"),
        ),
        "more than two neurons on the MADC": RECORDINGS(
            "a_hundred_neurons_are_recorded_one_after_the_other"
        ),
    },
    "9 helper": {
        "chip_from_file, chip_from_portable_binary": HELPER(
            "a_chip_comes_from_a_file_and_from_its_bytes"
        ),
        "files of the vendor": HELPER("a_chip_comes_from_a_file_and_from_its_bytes"),
        "nightly_calib_path, nightly_calib_url": HELPER(
            "a_stored_calibration_takes_its_place",
            "calibrations_lie_in_the_users_cache",
        ),
        "chip_from_nightly": HELPER("the_nightly_chip_is_a_fresh_nominal_one"),
        "get_unique_identifier": HELPER("the_setup_has_a_name_with_and_without_a_session"),
        "get_values_of_atomic_neuron": HELPER(
            "values_of_a_circuit_are_parameters_of_the_cell_type"
        ),
        "decompose_in_member_names, ATOMIC_NEURON_MEMBERS": HELPER("names_split_at_their_member"),
        "deployed targets": File("unit/calibration/test_targets.py")(
            "deployed_targets_are_those_of_the_vendor"
        ),
        "other deployed files": Later(
            "correlation and hagen calibrations come with the calibration of single chips"
        ),
    },
    "10 plasticity": {
        "Timer": LATER(
            "a_timer_keeps_its_times_and_lets_them_be_changed",
            "a_timer_needs_its_three_times_by_name",
        ),
        "PlasticityRule is refused": LATER(
            "a_plasticity_rule_is_refused_where_it_is_made_even_before_setup"
        ),
        "PlasticityRule": PLASTICITY,
        "observables": PLASTICITY,
        "kernels": PLASTICITY,
    },
    "11 recording": {
        "madc": RECORDING("an_analog_signal_has_times_values_and_annotations"),
        "cadc": SNIPPETS("the_columns_adc_shows_all_neurons_at_once_in_its_own_units"),
        "pads": (
            *RECORDING("a_pad_shows_one_neuron_in_one_mode"),
            *RECORDINGS(
                "a_pad_and_the_sampling_of_another_neuron_in_columns_of_one_parity_are_refused",
            ),
        ),
        "other devices": RECORDINGS("devices_that_do_not_exist_are_refused"),
        "spikes ignore the device": RECORDINGS("spikes_may_be_recorded_whatever_the_device"),
        "record(None)": RECORDINGS(
            "recording_nothing_on_a_view_stops_all_and_drops_the_present_data",
        ),
        "sampling_interval, unknown variables, locations": RECORDING(
            "requests_that_cannot_be_served_change_nothing"
        ),
        "one quantity of a site": RECORDING("one_variable_of_a_neuron_at_a_time"),
        "one neuron on MADC and pad": RECORDINGS(
            "a_neuron_is_on_a_pad_and_sampled_at_once",
            "a_pad_of_another_neuron_does_not_disturb_the_sampling",
        ),
        "segments": RECORDING("each_reset_keeps_a_segment_and_filtering_destroys_nothing"),
        "clear": (
            *RECORDING("clear_empties_this_population_only"),
            *RECORDINGS("with_clear_each_loop_sees_its_own_segment"),
        ),
        "spike trains": (
            *RECORDING("spike_trains_of_all_recorded_cells_come_sorted_and_annotated"),
            *RECORDINGS("a_cell_that_is_not_recorded_in_a_snippet_has_no_train_there"),
        ),
        "signals and their order": RECORDINGS(
            "both_converters_see_one_neuron_and_signals_come_in_their_order",
        ),
        "other neurons in each snippet": RECORDINGS(
            "each_snippet_shows_the_neurons_that_were_recorded_in_it"
        ),
        "data are kept whatever a script does to them": RECORDINGS(
            "data_that_a_script_overwrites_are_not_those_that_are_kept"
        ),
        "resolution of times": RECORDINGS(
            "samples_have_their_documented_ranges_and_times_their_resolution"
        ),
        "what is not recorded": RECORDING("neurons_that_are_not_recorded_give_nothing"),
        "what consumers rely on": RECORDINGS("what_consumers_do_with_signals_and_trains_works"),
        "accuracy of spikes": RUNS(
            "in_bypass_mode_injected_spikes_come_back_within_ten_microseconds"
        ),
        "correlation": PLASTICITY,
    },
    "12 chip plotter": {
        "pictures": PLOTTER(
            "every_picture_is_drawn_with_the_defaults_or_its_own_options",
            "halves_are_drawn_side_by_side",
        ),
        "saving": PLOTTER("pictures_are_saved_under_their_kind_and_number"),
        "changing and removing": PLOTTER("pictures_can_be_changed_and_removed"),
        "retrieve_data": PLOTTER("data_are_those_of_the_network"),
        "counts of buses, busiest neuron": PLOTTER(
            "rows_of_buses_are_counted_by_kind_of_source",
            "the_circuit_with_most_synapses_is_found",
        ),
        "whole populations after PREPARE": PLOTTER(
            "views_of_a_part_are_not_there",
            "without_a_mapping_there_is_nothing_to_draw",
        ),
        "sizes of coordinates": File(f"{VENDOR}/test_coordinate.py")(
            "the_types_that_scripts_use_have_the_chips_sizes"
        ),
    },
    "13 examples": {
        "calibhxneuron": EXAMPLES(
            "calibrated_neurons_keep_their_targets_and_fire_if_their_leak_is_raised",
        ),
        "chip_plotter_usage_example": PLOTTER(
            "every_picture_is_drawn_with_the_defaults_or_its_own_options"
        ),
        "crossbar_event_counter_read": EXAMPLES(
            "crossbar_counters_count_the_events_that_were_sent"
        ),
        "external_input": EXAMPLES("external_input_spikes_of_the_host_excite_a_neuron"),
        "internal_projections": EXAMPLES(
            "internal_projections_spikes_travel_from_neuron_to_neuron_and_inhibit",
        ),
        "isi_calib": EXAMPLES("an_interspike_interval_is_set_by_searching_the_leak"),
        "leak_over_threshold": EXAMPLES("leak_over_threshold_a_higher_leak_means_a_higher_rate"),
        "multicompartment": EXAMPLES("multicompartment_an_input_is_attenuated_along_a_chain"),
        "partitioned_network": EXAMPLES("a_network_larger_than_the_chip_runs_in_parts"),
        "plasticity_rule": PLASTICITY,
        "single_neuron_demo": EXAMPLES(
            "single_neuron_a_neuron_with_its_leak_over_its_threshold_fires_regularly",
        ),
        "static_recording_synapse": PLASTICITY,
    },
    "14 exceptions": {
        "unknown keyword of setup": CONTROL("a_refused_setup_leaves_the_earlier_session_alone"),
        "permutations": CONTROL("a_refused_setup_leaves_the_earlier_session_alone"),
        "second run": CONTROL("a_second_run_needs_a_reset"),
        "wrong run": CONTROL("runs_that_cannot_be"),
        "too early under initial_config": POPULATIONS(
            "values_under_an_initial_config_wait_for_the_mapping"
        ),
        "hidden or unknown parameter": HXNEURON("unknown_and_hidden_parameters_do_not_exist"),
        "parameter out of range": POPULATIONS("a_refused_set_changes_nothing"),
        "sign of a weight": PROJECTIONS("the_sign_of_a_weight_belongs_to_its_receptor"),
        "delay": PROJECTIONS("delays_other_than_zero_are_refused_when_said"),
        "receptor, connector, ends": PROJECTIONS("ends_connectors_and_receptors_that_cannot_be"),
        "recording": RECORDING(
            "requests_that_cannot_be_served_change_nothing",
            "one_variable_of_a_neuron_at_a_time",
        ),
        "calibration results too early": NETWORKS(
            "results_of_the_calibration_exist_from_the_mapping_on"
        ),
        "targets that must be equal": NETWORKS(
            "targets_that_a_chip_has_once_are_refused_at_the_run_if_they_differ"
        ),
        "Poisson too fast": NETWORKS("generators_that_the_chip_lacks_are_refused_at_the_run"),
        "morphology": CREATE(
            "arguments_of_another_form_are_refused",
            "what_is_not_one_neuron_is_refused",
        ),
        "location label": ENDS("labels_that_do_not_name_one_compartment_are_refused"),
        "places and statistics before a run": (
            *PLACED("before_the_mapping_there_is_no_place"),
            *REPORT("before_mapping_and_before_setup_there_is_none"),
        ),
        "observables before a run": LATER("without_a_rule_there_are_no_observables"),
    },
    "15 traps avoided": {
        "stale inputs": RUNS("inputs_are_cut_anew_for_every_snippet"),
        "spikes of cached segments": RUNS(
            "spikes_of_earlier_runs_stay_however_often_they_are_asked_for"
        ),
        "mixed devices": RECORDINGS("cells_of_one_population_may_be_recorded_by_different_devices"),
        "inhibition of conductances, units": (
            *NETWORKS("inhibition_lowers_the_membrane_of_a_conductance_based_neuron"),
            *CELLS("units_of_times_and_variables"),
        ),
        "rules before setup": LATER(
            "a_plasticity_rule_is_refused_where_it_is_made_even_before_setup"
        ),
        "failed projections": RUNS("a_projection_that_is_refused_leaves_nothing_behind"),
        "to_file as neo IO": RECORDING("a_path_and_a_neo_io_serve_as_file"),
        "values of run and setup": (
            *LIFE("every_form_of_run_returns_the_time"),
            *CONTROL("setup_returns_the_rank_and_replaces_the_session"),
        ),
        "many runs without a word": SNIPPETS(
            "more_neurons_than_the_madc_sees_are_recorded_in_several_runs"
        ),
        "identical view and population projections": PLACED(
            "equal_projections_and_a_view_beside_its_population_add_up"
        ),
        "samples after 0.17 ms": RECORDINGS(
            "samples_have_their_documented_ranges_and_times_their_resolution"
        ),
    },
    "15 older scripts": {
        "set before the mapping": RUNS("values_may_be_set_before_the_mapping_if_asked_for"),
        "grenade_chip_config": RUNS(
            "the_configuration_that_runs_start_from_can_be_changed_under_its_old_name",
        ),
        "neuron_placement": RUNS("the_circuits_of_cells_can_be_asked_by_id"),
        "pre_static_config": RUNS("the_old_name_of_a_section_reaches_the_chip"),
        "changed_since_last_run": PLASTICITY,
    },
}
