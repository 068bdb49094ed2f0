"""From a network of plain arrays to a chip's settings; knows no PyNN and no bits of words.

`graph` is what is asked for, `place` gives neurons to circuits, `route` finds rows, drivers and
labels for synapses, `configure` writes them, `background` sets generators, `partition` cuts what
is larger than a chip into parts; each is a function of arrays that checks everything before it
changes anything.

Below `route`: `demand` counts synapses, `items` are what buses carry, `buses` deals external
sources out, `split` and `division` form groups on one bus, `drivers` gives groups their drivers and
`labels` their labels.
"""
