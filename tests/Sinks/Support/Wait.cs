namespace StreamEngine.Sinks.Tests.Support;

internal static class Wait
{
    public static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Looks again and again until it holds.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what) => await UntilAsync(() => Task.FromResult(holds()), what);

    public static async Task UntilAsync(Func<Task<bool>> holds, string what, TimeSpan? within = null)
    {
        var limit = within ?? Limit;
        var start = TimeProvider.System.GetTimestamp();
        while (!await holds())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(start) < limit, $"waited {limit.TotalSeconds} s for: {what}");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
