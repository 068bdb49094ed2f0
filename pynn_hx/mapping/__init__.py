"""From a network of plain arrays to a chip's settings; knows no PyNN and no bits.

`graph` is what is asked for, `place` gives neurons to circuits, `route` finds rows, drivers and
labels for synapses, `readout` connects the ADC; each is a function of arrays that checks
everything before it changes anything.
"""
