using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using StreamEngine.Host.Tests.Overload;

namespace StreamEngine.Host.Tests.Abuse;

/// <summary>
/// Many connects a second, of which some subscribe and leave and some do all that is wrong. <c>tests/abuse.sh</c> does it at length.
/// </summary>
[Collection(Alone.Name)]
public sealed class StormTests(AbuseWorld world) : IClassFixture<AbuseWorld>
{
    private const int Addresses = 50;
    private const int PlaysPerSecond = 500;
    private const int MostStayMs = 500;

    /// <summary>A connection that takes so long has hung.</summary>
    private static readonly TimeSpan Longest = HostProcess.Patience;

    private static readonly int Seconds = OverloadTests.Setting("STREAMENGINE_ABUSE_SECONDS", 2);
    private static readonly int PerSecond = OverloadTests.Setting("STREAMENGINE_ABUSE_CONNECTS", 300);
    private static readonly int Seed = OverloadTests.Setting("STREAMENGINE_ABUSE_SEED", 20261130);

    private readonly ConcurrentDictionary<(string Visit, string Answer), int> answers = new();
    private readonly ConcurrentQueue<string> faults = new();
    private int underWay;
    private int begun;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task In_a_storm_of_connects_each_is_answered_and_those_who_stay_notice_nothing()
    {
        // So long nothing else happens, to compare with.
        var play = world.Feed.Plays + (Math.Min(Seconds, 10) * PlaysPerSecond);
        await world.UntilAsync(() => Task.FromResult(world.Feed.Plays >= play), "some time without a storm");
        var before = world.Steady.TakeLatencies();
        var (processor, watch) = (world.Processor, Stopwatch.StartNew());
        var chance = new Random(Seed);
        await Task.Factory.StartNew(() => Storm(chance, watch), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        var took = watch.Elapsed;
        var cores = (world.Processor - processor) / took;
        var meanwhile = world.Steady.TakeLatencies();
        await world.UntilAsync(() => Task.FromResult(Volatile.Read(ref underWay) == 0), "all connections have ended");
        await world.CheckAsync();
        await TellAsync(before, meanwhile, cores, begun / took.TotalSeconds);
        Assert.Empty(faults);
        Assert.Equal(begun, answers.Values.Sum());
    }

    /// <summary>Begins connections when they are due. Of those who connect, each comes from one of some addresses and stays for a moment.</summary>
    private void Storm(Random chance, Stopwatch watch)
    {
        var told = 0;
        while (watch.Elapsed.TotalSeconds < Seconds)
        {
            for (var due = (int)(watch.Elapsed.TotalSeconds * PerSecond); begun < due; begun++)
            {
                var visit = Choose(chance.Next(100));
                var from = new IPAddress([127, 0, 9, (byte)(1 + (begun % Addresses))]);
                var stay = TimeSpan.FromMilliseconds(chance.Next(MostStayMs));
                Interlocked.Increment(ref underWay);
                _ = Task.Run(() => VisitAsync(visit, from, stay), Cancel);
            }

            if ((int)watch.Elapsed.TotalSeconds > told)
            {
                told = (int)watch.Elapsed.TotalSeconds;
                TellProgress($"{told} s, {begun} connects, {Volatile.Read(ref underWay)} under way, {answers.Where(a => a.Key.Answer == Visit.Nothing).Sum(a => a.Value)} without an answer");
            }

            Thread.Sleep(1);
        }
    }

    private async Task VisitAsync(Visit visit, IPAddress from, TimeSpan stay)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Longest);
        try
        {
            var answer = await visit.MakeAsync(world.Address, from, stay, limit.Token);
            answers.AddOrUpdate((visit.Name, answer), 1, (_, count) => count + 1);
            if (!visit.Allows(answer))
            {
                faults.Enqueue($"{visit.Name}: {answer}");
            }
        }
        catch (Exception e)
        {
            faults.Enqueue($"{visit.Name}: {e.Message}");
        }
        finally
        {
            Interlocked.Decrement(ref underWay);
        }
    }

    private static Visit Choose(int percent)
    {
        foreach (var visit in Visit.All)
        {
            percent -= visit.Weight;
            if (percent < 0)
            {
                return visit;
            }
        }

        throw new InvalidOperationException("the weights are not 100 together");
    }

    private async Task TellAsync(IReadOnlyList<double> before, IReadOnlyList<double> meanwhile, double cores, double rate)
    {
        if (Environment.GetEnvironmentVariable("STREAMENGINE_ABUSE_TABLE") is not { Length: > 0 } table)
        {
            return;
        }

        var lines = answers.OrderBy(a => Visit.All.Select(v => v.Name).ToList().IndexOf(a.Key.Visit)).ThenByDescending(a => a.Value)
            .Select(a => string.Create(CultureInfo.InvariantCulture, $"{a.Key.Visit}|{a.Key.Answer}|{a.Value:N0}"));
        var (resident, bound) = await world.MemoryAsync();
        string Figure(string name, FormattableString value) => $"{name}||{FormattableString.Invariant(value)}";
        await File.AppendAllLinesAsync(table, [
            .. lines,
            Figure("connects a second", $"{rate:N0}"),
            Figure("cores that the host took", $"{cores:0.00}"),
            Figure("most MB resident", $"{resident >> 20}"),
            Figure("stated bound, MB", $"{bound >> 20}"),
            Figure("who stayed: plays that it lost", $"{world.Steady.Faults.Count}"),
            Figure("p50 / p99 / most ms before", $"{Of(before, 0.5):0} / {Of(before, 0.99):0} / {Of(before, 1):0}"),
            Figure("p50 / p99 / most ms meanwhile", $"{Of(meanwhile, 0.5):0} / {Of(meanwhile, 0.99):0} / {Of(meanwhile, 1):0}"),
        ], Cancel);
    }

    private static double Of(IReadOnlyList<double> sorted, double share) => sorted[(int)((sorted.Count - 1) * share)];

    private static void TellProgress(string words)
    {
        if (Environment.GetEnvironmentVariable("STREAMENGINE_ABUSE_TABLE") is { Length: > 0 })
        {
            Console.Error.WriteLine(words);
        }
    }
}
