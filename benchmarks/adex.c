/* Plain AdEx neurons in float32, forward Euler: the yardstick of bench_foundation.py.
 *
 * Equations: Brette & Gerstner (2005).  No synapses, no noise, no recording: only the update that every
 * emulator of such neurons has to make.  Compiled with -O3 -march=native -ffast-math, so that the compiler
 * may vectorise the loop over neurons including expf.
 */
#include <math.h>

void adex(int n, long steps, float dt, float *restrict v, float *restrict w, const float *restrict g_leak,
          const float *restrict current, float e_leak, float v_exp, float delta, float c_mem, float a,
          float b, float tau_w, float v_threshold, float v_reset)
{
    for (long s = 0; s < steps; s++)
        for (int k = 0; k < n; k++) {
            float exponential = g_leak[k] * delta * expf(fminf((v[k] - v_exp) / delta, 10.0f));
            float dv = (g_leak[k] * (e_leak - v[k]) + exponential - w[k] + current[k]) / c_mem;
            float dw = (a * (v[k] - e_leak) - w[k]) / tau_w;
            v[k] += dt * dv;
            w[k] += dt * dw;
            int spike = v[k] > v_threshold;
            v[k] = spike ? v_reset : v[k];
            w[k] = spike ? w[k] + b : w[k];
        }
}
