namespace StreamEngine.Sources.Demo;

/// <summary>
/// Chance as a function of what it decides, so that a request's fate or a pitch's outcome never depends on what was asked
/// before or at the same time, as it would with a shared <see cref="Random"/>.
/// </summary>
internal static class Chance
{
    /// <summary>A number from 0 (inclusive) to 1 (exclusive), the same for the same arguments.</summary>
    /// <param name="seed">The seed of the run.</param>
    /// <param name="stream">What kind of decision it is.</param>
    /// <param name="index">Which one of that kind.</param>
    public static double Of(int seed, int stream, long index) =>
        (Mix(Mix(Mix((uint)seed) ^ (uint)stream) ^ (ulong)index) >> 11) * (1.0 / (1UL << 53));

    // The finalizer of SplitMix64: every input bit reaches every output bit.
    private static ulong Mix(ulong value)
    {
        value += 0x9E3779B97F4A7C15;
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
