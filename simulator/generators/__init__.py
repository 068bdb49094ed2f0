"""Plans become source text of kernels: `base` for every device, `cpu` and `cuda` for one each."""
