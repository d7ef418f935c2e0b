using System.Diagnostics;
using Microsoft.Extensions.Time.Testing;

namespace StreamEngine.Pipeline.Tests.Runtime;

internal static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the condition holds; fails with its text when it doesn't within 30 s.</summary>
    public static async Task HoldsAsync(
        Func<bool> condition,
        [System.Runtime.CompilerServices.CallerArgumentExpression(nameof(condition))] string text = "")
    {
        var started = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(started.Elapsed < Limit, $"Did not hold within {Limit}: {text}");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Lets the time pass until a task has ended.</summary>
    public static async Task EndsAsync(FakeTimeProvider time, Task task)
    {
        await HoldsAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            return task.IsCompleted;
        });
        await task;
    }
}
