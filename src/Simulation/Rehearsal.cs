using System.Text;
using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Configuration;
using StreamEngine.Pipeline.Health;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Runtime;

namespace StreamEngine.Simulation;

/// <summary>
/// Plays the transforms of a pipeline.json under a virtual clock: the same steps that the host runs, one of each, on the caller's thread, with
/// no sources and no sinks. What arrives when is up to the caller; what would reach each sink is kept. The same arrivals give the same bytes.
/// </summary>
public sealed class Rehearsal : IDisposable
{
    private readonly PipelineDefinition definition;
    private readonly VirtualClock clock;
    private readonly BatchPool pool;
    private readonly CommonParts commons = new();
    private readonly Dictionary<string, Player> blocks;
    private readonly Dictionary<string, List<Player>> readers;
    private readonly List<DeadRecord> dead = [];
    private readonly bool isEventTime;

    /// <summary>Builds the steps of a valid config.</summary>
    /// <param name="definition">The config.</param>
    /// <param name="clock">What time it is for the steps, unless the config says <c>"clock": "event"</c>.</param>
    public Rehearsal(PipelineDefinition definition, VirtualClock clock)
    {
        ArgumentNullException.ThrowIfNull(definition);
        ArgumentNullException.ThrowIfNull(clock);
        this.definition = definition;
        this.clock = clock;
        isEventTime = definition.Options.Clock == "event";
        pool = new BatchPool(definition.Schema, definition.Blocks.Count + 1);
        var health = new SourceHealth(clock);
        blocks = definition.Blocks.ToDictionary(b => b.Name, b => new Player(b, b.Type.Kind == BlockKind.Transform ? (IStep)Create(b, health) : null), StringComparer.Ordinal);
        readers = blocks.Keys.ToDictionary(name => name, name => blocks.Values.Where(b => b.Block.From.Contains(name)).ToList(), StringComparer.Ordinal);
    }

    /// <summary>Records that left the flow as dead, in order.</summary>
    public IReadOnlyList<DeadRecord> Dead => dead;

    /// <summary>The books of every block, in config order: in + expanded = out + filtered + absorbed + dropped + dead-lettered + held.</summary>
    public IReadOnlyList<BlockStatus> Books => [.. definition.Blocks.Select(b => PipelineGraph.Describe(b, new StepTotals([blocks[b.Name].Counters])))];

    /// <summary>Updates and removals that have reached a sink so far, in order.</summary>
    /// <param name="sink">The sink's name.</param>
    /// <exception cref="KeyNotFoundException">No block has that name.</exception>
    public IReadOnlyList<Update> At(string sink) => blocks[sink].Updates;

    /// <summary>A source receives a payload now, and what becomes of it goes down the pipeline to the sinks.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="payload">The payload.</param>
    /// <param name="request">Which of the source's requests it answers, from 1; 0 when it makes none.</param>
    /// <param name="origin">Where it comes from, as dead letters tell.</param>
    /// <exception cref="KeyNotFoundException">No source has that name.</exception>
    public void Receive(string source, ReadOnlySpan<byte> payload, int request = 0, string origin = "") => Receive(source, payload, request, origin, confirmed: false);

    /// <summary>A source hears that nothing has changed since the request was answered last.</summary>
    /// <param name="source">The source's name.</param>
    /// <param name="request">The request, from 1.</param>
    /// <exception cref="KeyNotFoundException">No source has that name.</exception>
    public void Confirm(string source, int request) => Receive(source, default, request, "", confirmed: true);

    /// <summary>Lets payloads arrive, each at its time; the clock moves from one to the next, and timers in between fire.</summary>
    /// <param name="arrivals">The payloads, in order of time.</param>
    /// <exception cref="ArgumentException">One arrives before the one in front of it.</exception>
    public async Task PlayAsync(IEnumerable<PayloadArrival> arrivals)
    {
        ArgumentNullException.ThrowIfNull(arrivals);
        foreach (var arrival in arrivals)
        {
            var wait = arrival.At - clock.GetUtcNow();
            if (wait < TimeSpan.Zero)
            {
                throw new ArgumentException($"A payload of source '{arrival.Source}' arrives at {arrival.At:O}, and it is {clock.GetUtcNow():O} already; put the arrivals in order of time.", nameof(arrivals));
            }

            await clock.AdvanceAsync(wait).ConfigureAwait(false);
            Receive(arrival.Source, arrival.Payload.Span, arrival.Request);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        commons.Dispose();
        pool.Dispose();
    }

    private void Receive(string source, ReadOnlySpan<byte> payload, int request, string origin, bool confirmed)
    {
        var player = blocks[source];
        var now = clock.GetUtcNow();

        // As http does: ever growing, and near the time.
        player.Sequence = Math.Max(player.Sequence + 1, (now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond);
        var batch = pool.RentCopy();
        batch.AddDocument(new Document
        {
            Offset = batch.Append(payload),
            Length = payload.Length,
            Source = (short)definition.Schema.Source(source)!.Index,
            Confirmed = confirmed,
            Request = request,
            ReceivedTime = now.UtcTicks,
            Sequence = player.Sequence,
            Origin = origin,
        });
        player.Counters.CountIn(batch.Live);
        player.Counters.CountOut(batch.Live);
        HandOn(player, batch);
    }

    private void Play(Player player, Batch batch)
    {
        var part = batch.Whole;
        player.Counters.CountIn(part.Live);
        part.BeginStep();
        player.Step!.Process(part, isEventTime ? StepTime.Event : new StepTime(clock.GetUtcNow().UtcTicks));
        player.Counters.Settle(part);
        foreach (ref readonly var departure in part.Departures)
        {
            if (departure.State == RowState.Dead)
            {
                var payload = departure.Row < 0
                    ? batch.Payload(departure.Document)
                    : batch.SliceOrNone(batch.Head(departure.Row).RawOffset, batch.Head(departure.Row).RawLength);
                dead.Add(new DeadRecord(player.Block.Name, departure.Reason, departure.Detail, Encoding.UTF8.GetString(payload)));
            }
        }

        HandOn(player, batch);
    }

    private void HandOn(Player from, Batch batch)
    {
        if (!batch.IsSpent)
        {
            var to = readers[from.Block.Name];
            foreach (var transform in to.Where(r => r.Step is not null))
            {
                var copy = pool.RentCopy();
                batch.CopyTo(copy);
                Play(transform, copy);
            }

            if (to.Any(r => r.Step is null))
            {
                batch.Seal();
            }

            foreach (var sink in to.Where(r => r.Step is null))
            {
                sink.Take(batch);
            }
        }

        batch.Release();
    }

    private object Create(BlockDefinition block, SourceHealth health) => block.Type.Create(block.Options, new BlockContext
    {
        Name = block.Name,
        Pipeline = definition.Options,
        Schema = definition.Schema,
        BaseDirectory = definition.BaseDirectory,
        Files = definition.Files,
        Time = clock,
        Random = Seeded.Random(definition.Options.Seed, block.Name),
        Logging = NullLoggerFactory.Instance,
        Gates = new Dictionary<string, ProviderGate>(),
        Health = health,
        Services = NoServices.Instance,
        Commons = commons,
    });

    private sealed class Player(BlockDefinition block, IStep? step)
    {
        public BlockDefinition Block => block;

        public IStep? Step => step;

        public StepCounters Counters { get; } = new();

        public List<Update> Updates { get; } = [];

        public long Sequence { get; set; }

        public void Take(Batch batch)
        {
            Counters.CountIn(batch.Live);
            Counters.CountOut(batch.Live);
            foreach (var row in batch)
            {
                if (row.Head.Op != RowOp.Confirmed)
                {
                    Updates.Add(row.Detach());
                }
            }
        }
    }

    private sealed class NoServices : IServiceProvider
    {
        public static NoServices Instance { get; } = new();

        public object? GetService(Type serviceType) => null;
    }
}

/// <summary>A payload that a source receives at some time.</summary>
/// <param name="At">When.</param>
/// <param name="Source">The source's name.</param>
/// <param name="Payload">The payload.</param>
/// <param name="Request">Which of the source's requests it answers, from 1; 0 when it makes none.</param>
public sealed record PayloadArrival(DateTimeOffset At, string Source, ReadOnlyMemory<byte> Payload, int Request = 0);

/// <summary>A record that went to the dead letter.</summary>
/// <param name="Block">Which block gave it up.</param>
/// <param name="Reason">Why, from a small fixed set.</param>
/// <param name="Detail">More for a person.</param>
/// <param name="Payload">The record's own slice of the payload.</param>
public sealed record DeadRecord(string Block, string Reason, string? Detail, string Payload);
