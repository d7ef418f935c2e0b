namespace StreamEngine.Benchmarks;

/// <summary>What was checked, counted in the lines that <c>test.sh</c> sums up over all test runners.</summary>
internal static class TestTotals
{
    /// <summary>Prints the lines.</summary>
    /// <returns>The exit code.</returns>
    public static int Print(int total, int failed)
    {
        Console.WriteLine($"  total: {total}");
        Console.WriteLine($"  failed: {failed}");
        Console.WriteLine($"  succeeded: {total - failed}");
        Console.WriteLine("  skipped: 0");
        return failed == 0 ? 0 : 1;
    }
}
