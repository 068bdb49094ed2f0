/* Plain C networks that the software-model engine is compared with: float32, rows of synapses per
   source, a list of spikes, no hand tuning.  Each function builds its network, runs it, and returns
   the seconds of the run alone; *spikes gets how many there were. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + 1e-9 * t.tv_nsec;
}

static uint64_t state = 88172645463325252ull;
static float uniform(void) { /* xorshift64 */
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 40) * 0x1p-24f;
}

static float *floats(size_t n) { return aligned_alloc(64, (n * 4 + 63) / 64 * 64); }

/* Izhikevich (2003): n neurons with k inputs each (k = n: dense), 1 ms steps, normal noise. */
double izhikevich(int n, int k, int steps, long *spikes) {
    int n_exc = n * 4 / 5;
    size_t synapses = (size_t)n * k;
    float *restrict w = floats(synapses), *restrict v = floats(n), *restrict u = floats(n);
    float *restrict in = floats(n);
    float *restrict a = floats(n), *restrict b = floats(n), *restrict c = floats(n);
    float *restrict d = floats(n);
    int *post = malloc(synapses * 4), *fired = malloc(n * 4);
    for (int i = 0; i < n; i++) {
        float r = uniform();
        int e = i < n_exc;
        a[i] = e ? .02f : .02f + .08f * r;
        b[i] = e ? .2f : .25f - .05f * r;
        c[i] = e ? -65 + 15 * r * r : -65;
        d[i] = e ? 8 - 6 * r * r : 2;
        v[i] = -65;
        u[i] = b[i] * v[i];
        for (int j = 0; j < k; j++) {
            w[(size_t)i * k + j] = (e ? .5f : -1.f) * uniform();
            post[(size_t)i * k + j] = k == n ? j : (int)((j + uniform()) * n / k);
        }
    }
    *spikes = 0;
    double start = now();
    for (int t = 0; t < steps; t++) {
        for (int i = 0; i < n; i += 2) {
            float r = sqrtf(-2 * logf(uniform() + 1e-12f)), p = 6.2831853f * uniform();
            in[i] = r * cosf(p) * (i < n_exc ? 5 : 2);
            if (i + 1 < n) in[i + 1] = r * sinf(p) * (i + 1 < n_exc ? 5 : 2);
        }
        int count = 0;
        for (int i = 0; i < n; i++)
            if (v[i] >= 30) {
                fired[count++] = i;
                v[i] = c[i];
                u[i] += d[i];
            }
        *spikes += count;
        for (int q = 0; q < count; q++) {
            float *row = w + (size_t)fired[q] * k;
            int *to = post + (size_t)fired[q] * k;
            if (k == n)
                for (int j = 0; j < k; j++) in[j] += row[j];
            else
                for (int j = 0; j < k; j++) in[to[j]] += row[j];
        }
        for (int i = 0; i < n; i++) {
            float x = v[i], y = u[i];
            x += .5f * (.04f * x * x + 5 * x + 140 - y + in[i]);
            x += .5f * (.04f * x * x + 5 * x + 140 - y + in[i]);
            u[i] = y + a[i] * (b[i] * x - y);
            v[i] = x;
        }
    }
    double seconds = now() - start;
    free(w), free(v), free(u), free(in), free(a), free(b), free(c), free(d);
    free(post), free(fired);
    return seconds;
}

/* CUBA, benchmark 2 of Brette et al. (2007): 4000 neurons, 0.1 ms steps, delays of two steps. */
double cuba(int n, int steps, long *spikes) {
    int n_exc = n * 4 / 5, *first = malloc((n + 1) * 4), *post = malloc((size_t)n * n / 25 * 4);
    int *restrict left = calloc(n, 4), *ids[2] = {malloc(n * 4), malloc(n * 4)}, counts[2] = {0, 0}, m = 0;
    float *restrict v = floats(n), *restrict exc = floats(n), *restrict inh = floats(n);
    for (int i = 0; i < n; i++) {
        first[i] = m;
        for (int j = 0; j < n; j++)
            if (uniform() < .02f) post[m++] = j;
        v[i] = -60 + 10 * uniform();
        exc[i] = inh[i] = 0;
    }
    first[n] = m;
    float decay = expf(-.1f / 20), de = expf(-.1f / 5), di = expf(-.1f / 10);
    float ke = 100 * 5 / (20 - 5.f) * (decay - de), ki = 100 * 10 / (20 - 10.f) * (decay - di);
    *spikes = 0;
    double start = now();
    for (int t = 0; t < steps; t++) {
        for (int i = 0; i < n; i++) {
            float x = -49 + (v[i] + 49) * decay + ke * exc[i] + ki * inh[i];
            v[i] = left[i] > 0 ? v[i] : x;
            left[i] = left[i] > 0 ? left[i] - 1 : 0;
            exc[i] *= de;
            inh[i] *= di;
        }
        int *due = ids[t & 1], n_due = counts[t & 1]; /* spikes of two steps ago */
        for (int q = 0; q < n_due; q++) {
            float *to = due[q] < n_exc ? exc : inh, w = due[q] < n_exc ? .0162f : -.09f;
            for (int k = first[due[q]]; k < first[due[q] + 1]; k++) to[post[k]] += w;
        }
        int count = 0;
        for (int i = 0; i < n; i++)
            if (v[i] >= -50) {
                due[count++] = i;
                v[i] = -60;
                left[i] = 50;
            }
        counts[t & 1] = count;
        *spikes += count;
    }
    double seconds = now() - start;
    free(first), free(post), free(left), free(ids[0]), free(ids[1]), free(v), free(exc), free(inh);
    return seconds;
}
