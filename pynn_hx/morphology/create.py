"""From compartments and the lines between them to a cell type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
from pyNN.errors import NonExistentParameterError

from firmware_protocol.atomic_neuron import BY_NAME
from firmware_protocol.coordinates import CompartmentOnLogicalNeuron
from firmware_protocol.morphology import LogicalNeuron, Morphology, MorphologyError

from ..standardmodels.base import Bools, CompartmentLayout
from .neuron import PARAMETERS, McNeuronBase
from .parameters import McCircuitParameters, checked_numbers
from .parts import Compartment, SharedLineConnection

CONDUCTANCE = "multicompartment_i_bias_nmda"
INACTIVE: Mapping[str, float | bool] = MappingProxyType(
    {
        "leak_i_bias": 0.0,
        "leak_enable_division": True,
        "leak_enable_multiplication": False,
        "membrane_capacitance_capacitance": 0.0,
        "threshold_enable": False,
    }
)
"""What `single_active_circuit` gives to all circuits of a compartment but the first."""


def create_mc_neuron(
    name: str,
    compartments: Iterable[Compartment],
    connections: Iterable[SharedLineConnection] | None = None,
    single_active_circuit: bool = False,
) -> type[McNeuronBase]:
    """Make a cell type of several circuits.

    connections            stretches of the shared lines that are continuous
    single_active_circuit  in each compartment only the first circuit keeps leak, capacitance and
                           threshold, so that time constants are those of one circuit; like what
                           compartments say, this yields to the constructor and `set`: give them
                           McCircuitParameters to change the first circuits alone
    Raises  TypeError for arguments of another form, MorphologyError (a RuntimeError) if this is not
            one neuron or joins compartments without a resistor, NonExistentParameterError and
            FieldRangeError for the compartments' parameters
    """
    if not isinstance(name, str):
        raise TypeError(f"create_mc_neuron(name={name!r}): give the new class a name")
    parts = [
        Compartment(  # checked again, because attributes may have been assigned, and copied
            positions=part.positions,
            label=part.label,
            connect_shared_line=part.connect_shared_line,
            connect_conductance=part.connect_conductance,
            **part.parameters,
        )
        for part in _all_of(compartments, Compartment, "compartments", name)
    ]
    lines = _all_of(() if connections is None else connections, SharedLineConnection,
                    "connections", name)  # fmt: skip
    neuron = _built(name, parts, lines)
    values, said = _parameters(name, parts, single_active_circuit)
    circuits = list(neuron.compartments.circuits())
    first_column, first_row = neuron.compartments.columns[0], neuron.compartments.rows[0]
    attributes = {
        "__doc__": f"A neuron with compartments {', '.join(part.label for part in parts)}.",
        "compartments": MappingProxyType(
            {CompartmentOnLogicalNeuron(i): part for i, part in enumerate(parts)}
        ),
        "logical_neuron": neuron,
        "logical_compartments": neuron.compartments,
        "n_circuits": len(circuits),
        "layout": _layout(parts),
        "columns": tuple(circuit.column - first_column for circuit in circuits),
        "rows": tuple(circuit.row - first_row for circuit in circuits),
        "default_parameters": values,
        "from_compartments": MappingProxyType(said),
    }
    return type(name, (McNeuronBase,), attributes)


def _all_of(things: Any, kind: type[Any], argument: str, name: str) -> list[Any]:
    place = f"create_mc_neuron({name!r}): {argument}"
    if isinstance(things, kind) or not isinstance(things, Iterable):
        raise TypeError(f"{place} = {things!r}: give a list of {kind.__name__}")
    found = list(things)
    for thing in found:
        if not isinstance(thing, kind):
            raise TypeError(f"{place} contains {thing!r}, which is no {kind.__name__}")
    return found


def _built(
    name: str, parts: Sequence[Compartment], lines: Sequence[SharedLineConnection]
) -> LogicalNeuron:
    morphology = Morphology()
    try:
        for part in parts:
            morphology.create_compartment(part.positions)
            for position in part.connect_shared_line:
                morphology.connect_to_soma(position)
            for position, _ in part.connect_conductance:
                morphology.connect_resistor_to_soma(position)
        for line in lines:
            morphology.connect_soma_line(line.start, line.stop, line.row)
        return morphology.done()
    except MorphologyError as error:
        labels = ", ".join(f"{i} is {part.label!r}" for i, part in enumerate(parts))
        raise MorphologyError(
            f"create_mc_neuron({name!r}): {error} (of compartments, {labels or 'none is given'})"
        ) from None


def _layout(parts: Sequence[Compartment]) -> tuple[CompartmentLayout, ...]:
    ends = np.cumsum([part.size for part in parts]).tolist()
    return tuple(
        CompartmentLayout(part.label, tuple(range(end - part.size, end)))
        for part, end in zip(parts, ends, strict=True)
    )


# --- parameters ---------------------------------------------------------------------------------


def _parameters(
    name: str, parts: Sequence[Compartment], single_active_circuit: bool
) -> tuple[dict[str, McCircuitParameters], dict[str, Bools]]:
    """Default of every parameter, and for those of compartments (circuit,) who says something."""
    sizes = [part.size for part in parts]
    given = [_given(name, part, single_active_circuit) for part in parts]
    defaults, said = {}, {}
    for parameter in PARAMETERS:
        field = BY_NAME[parameter]
        default: float | bool = (
            bool(field.default) if field.kind == "flag" else float(field.default)
        )
        codes, mask = np.full(sum(sizes), default), np.zeros(sum(sizes), dtype=bool)
        begin = 0
        for size, by_name in zip(sizes, given, strict=True):
            for circuit, value in by_name.get(parameter, {}).items():
                codes[begin + circuit], mask[begin + circuit] = value, True
            begin += size
        defaults[parameter] = McCircuitParameters.of_flat(codes, sizes)
        if mask.any():
            said[parameter] = mask
    return defaults, said


def _given(name: str, part: Compartment, single_active_circuit: bool) -> dict[str, dict[int, Any]]:
    """What a compartment says: by parameter and circuit of the compartment."""
    place = f"create_mc_neuron({name!r}): compartment {part.label!r}"
    found: dict[str, dict[int, Any]] = {}
    for parameter, value in part.parameters.items():
        codes = _codes(parameter, value, part.size, place)
        found[parameter] = dict(enumerate(codes.tolist()))
    resistors = dict(part.connect_conductance)
    if resistors and CONDUCTANCE in part.parameters:
        raise TypeError(
            f"{place}: {CONDUCTANCE} is given twice, also by connect_conductance; leave it out, or "
            "set it on the population"
        )
    if resistors:
        conductances = np.array(list(resistors.values()))
        codes = _codes(CONDUCTANCE, conductances, len(resistors), place)
        indices = map(part.positions.index, resistors)
        found[CONDUCTANCE] = dict(zip(indices, codes.tolist(), strict=True))
    if single_active_circuit:
        _switch_off_all_but_first(found, part, place)
    return found


def _codes(parameter: str, value: Any, size: int, place: str) -> npt.NDArray[Any]:
    """(size,) values of a parameter from a number or a list of numbers."""
    if parameter not in PARAMETERS:
        raise NonExistentParameterError(parameter, place, valid_parameter_names=PARAMETERS)
    values = np.asarray(value)
    if values.dtype.kind not in "biuf" or values.shape not in ((), (size,)):
        raise TypeError(
            f"{place}: {parameter}={value!r}: give a number for all circuits, or a list of one "
            f"number for each of its {size}"
        )
    return checked_numbers(parameter, np.broadcast_to(values, (size,)), lambda circuit: place)


def _switch_off_all_but_first(
    found: dict[str, dict[int, Any]], part: Compartment, place: str
) -> None:
    for parameter, off in INACTIVE.items():
        given = part.parameters.get(parameter, off)
        own = found.setdefault(parameter, {})
        for circuit in range(1, part.size):
            if np.ndim(given) and own[circuit] != off:
                raise TypeError(
                    f"{place}: {parameter}={given!r}, but single_active_circuit sets it to {off} "
                    "in all circuits but the first; give one number for the first, or leave "
                    "single_active_circuit out"
                )
            own[circuit] = off
        if not own:
            del found[parameter]
