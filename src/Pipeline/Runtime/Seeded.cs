using System.IO.Hashing;
using System.Text;

namespace StreamEngine.Pipeline.Runtime;

/// <summary>Chance that can be repeated: every user gets a generator of its own, seeded from the config's seed and its name.</summary>
public static class Seeded
{
    /// <summary>A generator for one user.</summary>
    /// <param name="seed">The config's seed.</param>
    /// <param name="name">Who uses it.</param>
    public static Random Random(int seed, string name) => new(seed ^ unchecked((int)XxHash32.HashToUInt32(Encoding.UTF8.GetBytes(name))));
}
