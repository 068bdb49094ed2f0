/* Plain AdEx neurons in float32, forward Euler, written so that a compiler fills SIMD registers: the
 * yardstick of bench_emulator.py.
 *
 * Equations: Brette & Gerstner (2005), as in adex.c, with what does not change divided out beforehand.
 * No synapses, no noise, no recording, no refractory period: the update that every emulator of such
 * neurons has to make.  Compiled without -ffast-math, so it obeys the rules that the emulator obeys;
 * the exponential is therefore written out.  Nothing in the inner loop branches or calls.
 */
#include <stdint.h>

/* exp(x) for |x| < 80: 2^n exp(r), a polynomial of degree 5 on |r| < ln 2 / 2, within 4e-6. */
static inline float exponential(float x)
{
    const float shift = 12582912.0f; /* 1.5 * 2^23: adding it leaves x / ln 2 rounded in the low bits */
    union { float value; int32_t bits; } whole = {.value = x * 1.44269504f + shift};
    float r = x - (whole.value - shift) * 0.693147181f, q = r * r;
    float p = (1.0f + r) + q * ((0.5f + r * 0.166666667f) + q * (0.0416666667f + r * 0.00833333333f));
    union { int32_t bits; float value; } power = {.bits = (whole.bits + 127) << 23};
    return p * power.value;
}

/* Advance n neurons by `steps` steps of `dt`; return the number of spikes if COUNT_SPIKES, else 0. */
long adex(int n, long steps, float dt, float *restrict v, float *restrict w, const float *restrict g_leak,
          const float *restrict current, float e_leak, float v_exp, float delta, float c_mem, float a,
          float b, float tau_w, float v_threshold, float v_reset)
{
    const float per_delta = 1.0f / delta, dt_per_c = dt / c_mem, dt_per_tau = dt / tau_w;
    long spikes = 0;
    for (long s = 0; s < steps; s++) {
        int fired = 0;
        for (int k = 0; k < n; k++) {
            float drive = (v[k] - v_exp) * per_delta;
            drive = drive < 10.0f ? drive : 10.0f;
            float up = g_leak[k] * (delta * exponential(drive) + e_leak - v[k]) - w[k] + current[k];
            float new_v = v[k] + dt_per_c * up;
            float new_w = w[k] + dt_per_tau * (a * (v[k] - e_leak) - w[k]);
            int spike = new_v > v_threshold;
            v[k] = spike ? v_reset : new_v;
            w[k] = spike ? new_w + b : new_w;
#ifdef COUNT_SPIKES
            fired += spike;
#endif
        }
        spikes += fired;
    }
    return spikes;
}
