using System.Globalization;
using StreamEngine.Host.Tests.Overload;
using StreamEngine.Sinks.Tests.Support;

namespace StreamEngine.Host.Tests.Faults;

/// <summary>
/// Whatever a provider does wrong is called by its name and counted, and neither the other providers nor its own secrets are touched by it.
/// <c>tests/faults.sh</c> also measures how late listeners of the others are meanwhile.
/// </summary>
[Collection(Alone.Name)]
public sealed class FaultTests
{
    private const int Rounds = 5;

    private static readonly TimeSpan GoodEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>How long listeners are measured with each fault and as long without it, five times; not at all unless stated.</summary>
    private static readonly TimeSpan Measured = TimeSpan.FromSeconds(OverloadTests.Setting("STREAMENGINE_FAULTS_SECONDS", 0));

    [Fact]
    public async Task Each_fault_is_called_by_its_name_harms_no_other_provider_and_betrays_nobody()
    {
        await using var run = await FaultRun.StartAsync(GoodEvery.TotalSeconds);
        await using var listener = await LatencyListener.ConnectAsync(run.Address, "player:good:*", GoodEvery);
        await run.RecoverAsync();
        foreach (var fault in FaultCase.All(string.Join(' ', FaultRun.Secrets.Values)))
        {
            var (before, good, reads) = (fault.Class is null ? 0 : await run.CountAsync("bad", fault.Class), run.Good.Report().Requests, await run.StaleReadsAsync());
            run.Bad.SetFaults(fault.Fault);
            await Wait.UntilAsync(async () => fault.Class is null ? await run.StaleReadsAsync() > reads : await run.CountAsync("bad", fault.Class) > before, $"{fault.Name} is counted as {fault.Class ?? "a stale read"}");
            if (fault.Class is not (null or "stale_content"))
            {
                Assert.Equal((fault.Name, fault.Class), (fault.Name, (await run.BreakerAsync("bad")).GetProperty("last_error_class").GetString()));
            }

            // Only when it had been asked meanwhile can it show that it was not held up.
            await Wait.UntilAsync(() => run.Good.Report().Requests > good + 10, $"{fault.Name}: the other provider is asked");
            await run.RecoverAsync();
            if (Measured > TimeSpan.Zero)
            {
                await MeasureAsync(run, listener, fault);
            }
        }

        foreach (var provider in (string[])["untrusted", "nowhere"])
        {
            Assert.NotEqual(0, await run.CountAsync(provider, "transport"));
        }

        Assert.All((await run.BreakerAsync("good")).GetProperty("failures").EnumerateObject(), f => Assert.Equal((f.Name, 0), (f.Name, f.Value.GetInt32())));
        Assert.Equal(0, run.Good.Report().Violations);
        Assert.Empty(await run.FindSecretsAsync());
        Assert.Contains("***", run.Log, StringComparison.Ordinal);
        Assert.True(run.Memory.Most < run.Memory.Bound, $"{run.Memory.Most:0} MB resident; the host says that it takes at most {run.Memory.Bound:0}");
    }

    private static async Task MeasureAsync(FaultRun run, LatencyListener listener, FaultCase fault)
    {
        var (without, with) = (new List<double>(), new List<double>());
        for (var round = 0; round < Rounds; round++)
        {
            without.Add(await listener.P99Async(Measured));
            run.Bad.SetFaults(fault.Fault);
            with.Add(await listener.P99Async(Measured));
            await run.RecoverAsync();
        }

        without.Sort();
        with.Sort();
        var (alone, beside) = (without[Rounds / 2], with[Rounds / 2]);
        if (Environment.GetEnvironmentVariable("STREAMENGINE_FAULTS_TABLE") is { Length: > 0 } table)
        {
            await File.AppendAllTextAsync(table, string.Create(CultureInfo.InvariantCulture, $"{fault.Name}|{fault.Class ?? "stale read"}|{alone:0.0}|{beside:0.0}|{beside / alone:0.00}|{run.MostResident:0}\n"));
        }

        Assert.True(beside <= 1.5 * alone || beside <= alone + 10, $"{fault.Name}: 99% within {beside:0.0} ms, without it within {alone:0.0} ms");
    }
}
