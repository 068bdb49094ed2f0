"""What generated kernels are made of: memory, mathematics, random numbers, delivery of spikes."""
