using System.Net;
using System.Text.Json;
using StreamEngine.Sources.Simulator;

namespace StreamEngine.Host.Tests.Outages;

/// <summary>One read of a player, and what it said.</summary>
/// <param name="At">When the answer was here.</param>
/// <param name="Id">The player.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Step">The step of the value; null without one.</param>
/// <param name="Seed">Whose value it is; null without one.</param>
/// <param name="UpdatedAt">When the record was last said or confirmed, by its own word.</param>
/// <param name="IsStale">Whether it is marked stale.</param>
internal sealed record Read(DateTimeOffset At, int Id, HttpStatusCode Status, long? Step, int? Seed, DateTimeOffset? UpdatedAt, bool IsStale);

/// <summary>Reads players over the REST API, one after the other, all the time.</summary>
internal sealed class Reads(HttpClient client, int players, TimeSpan interval, IReadOnlyList<int> seeds) : IAsyncDisposable
{
    private const int Readers = 4;

    private readonly CancellationTokenSource end = new();
    private readonly List<Read> all = [];
    private Task reading = Task.CompletedTask;

    /// <summary>All reads so far, in their order.</summary>
    public IReadOnlyList<Read> All
    {
        get
        {
            lock (all)
            {
                return [.. all];
            }
        }
    }

    /// <summary>Begins.</summary>
    /// <param name="pause">Between two reads of one of the four readers.</param>
    public void Start(TimeSpan pause) => reading = Task.WhenAll(Enumerable.Range(0, Readers).Select(r => Task.Run(() => RunAsync(r, pause))));

    /// <summary>Reads one player.</summary>
    public async Task<Read> OnceAsync(int id)
    {
        using var response = await client.GetAsync($"/api/optimized-realtime/player-data/{id}?sport=sim", end.Token);
        var body = await response.Content.ReadAsByteArrayAsync(end.Token);
        var at = DateTimeOffset.UtcNow;
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return new Read(at, id, response.StatusCode, null, null, null, false);
        }

        var answer = JsonDocument.Parse(body).RootElement;
        var (fields, metadata) = (answer.GetProperty("player_data").GetProperty("fields"), answer.GetProperty("metadata"));
        var (step, value) = (fields.GetProperty("step").GetInt64(), fields.GetProperty("value").GetInt64());
        var seed = seeds.Select(s => (int?)s).FirstOrDefault(s => SimItem.Of(s!.Value, id, interval, DateTimeOffset.UnixEpoch + (step * interval)).Value == value);
        return new Read(at, id, response.StatusCode, step, seed, metadata.GetProperty("last_updated").GetDateTimeOffset(), metadata.GetProperty("stale").GetBoolean());
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        end.Dispose();
    }

    private async Task RunAsync(int reader, TimeSpan pause)
    {
        using var timer = new PeriodicTimer(pause);
        for (var id = reader; await timer.WaitForNextTickAsync(end.Token); id += Readers)
        {
            var read = await OnceAsync((id % players) + 1);
            lock (all)
            {
                all.Add(read);
            }
        }
    }
}
