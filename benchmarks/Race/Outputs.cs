using System.IO.Hashing;
using System.Text.Json;

namespace StreamEngine.Benchmarks;

/// <summary>Whether two runs gave the same: a faster contestant that does other work proves nothing.</summary>
internal static class Outputs
{
    /// <summary>Compares records and dead letters.</summary>
    /// <param name="expected">The engine's run in order.</param>
    /// <param name="actual">Another run.</param>
    /// <param name="ordered">Whether the records must stand in the same order. The order of one key shows in its revisions in any case.</param>
    /// <returns>What differs; null when nothing does.</returns>
    public static string? Difference(Job expected, Job actual, bool ordered)
    {
        var same = ordered ? Bytes(expected.Output).Equals(Bytes(actual.Output)) : Unordered(expected.Output).Equals(Unordered(actual.Output));
        return same ? DeadDifference(Dead(expected), Dead(actual))
            : ordered ? RecordDifference(expected, actual)
            : $"a record that was not expected: '{Unexpected(expected, actual)}'";
    }

    private static string RecordDifference(Job expected, Job actual)
    {
        var (line, one, other) = File.ReadLines(expected.Output).Append("(end)").Zip(File.ReadLines(actual.Output).Append("(end)"))
            .Select((pair, index) => (index + 1, pair.First, pair.Second))
            .FirstOrDefault(l => l.First != l.Second);
        return line > 0 ? $"record {line} differs: '{one}' was expected, not '{other}'" : "only ends of lines differ, or bytes that are no UTF-8";
    }

    private static string Unexpected(Job expected, Job actual)
    {
        var known = File.ReadLines(expected.Output).ToHashSet();
        return File.ReadLines(actual.Output).FirstOrDefault(l => !known.Contains(l)) ?? "(none: some are missing or come twice)";
    }

    private static string? DeadDifference(HashSet<(long Line, string Reason, string Payload)> expected, HashSet<(long Line, string Reason, string Payload)> actual)
    {
        if (expected.SetEquals(actual))
        {
            return null;
        }

        var (line, reason, payload) = expected.Except(actual).Concat(actual.Except(expected)).MinBy(d => d.Line);
        return $"the dead letters differ: {(expected.Contains((line, reason, payload)) ? "missing" : "not expected")}: line {line}, {reason}: {payload}";
    }

    private static (long Length, UInt128 Hash) Bytes(string path)
    {
        using var file = File.OpenRead(path);
        var hash = new XxHash128();
        hash.Append(file);
        return (file.Length, hash.GetCurrentHashAsUInt128());
    }

    /// <summary>A sum over the lines, which is the same in any order.</summary>
    private static (long Count, UInt128 Sum) Unordered(string path)
    {
        var sum = new LineSum();
        var count = LineLoop.Run(new Job(path, "", "", default), ref sum);
        return (count, sum.Sum);
    }

    /// <summary>Line, reason and payload; not the detail, whose wording is the engine's own.</summary>
    private static HashSet<(long Line, string Reason, string Payload)> Dead(Job job)
    {
        var dead = new HashSet<(long, string, string)>();
        foreach (var line in File.ReadLines(job.DeadLetters))
        {
            using var json = JsonDocument.Parse(line);
            var root = json.RootElement;
            dead.Add((root.GetProperty("sequence").GetInt64(), root.GetProperty("reason").GetString()!, root.GetProperty("payload").GetString()!));
        }

        return dead;
    }

    private struct LineSum : ILineHandler
    {
        public UInt128 Sum { get; private set; }

        public void Line(ReadOnlySpan<byte> line, long number) => Sum += XxHash128.HashToUInt128(line);
    }
}
