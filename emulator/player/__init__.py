"""What the sequencer is made of: reading programs, time, the ways to registers and circuits."""
