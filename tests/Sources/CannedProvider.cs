using Microsoft.Extensions.Logging.Abstractions;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Pipeline.Providers;
using StreamEngine.Pipeline.Records;
using StreamEngine.Sources.Http;

namespace StreamEngine.Sources.Tests;

/// <summary>A provider whose every connection answers with the bytes it was given, whatever they are, and then ends.</summary>
internal sealed class CannedProvider : IDisposable
{
    /// <summary>Little, so that mutations go past it.</summary>
    private const int MaxBytes = 1024;

    private readonly ProviderGate gate = new("p", new Pipeline.Configuration.ProviderOptions { BaseUrl = "http://provider.example", MaxBytes = new(MaxBytes) }, TimeProvider.System, new Random(1), NullLogger.Instance);
    private readonly HttpClient client;
    private readonly HttpSourceOptions source;
    private readonly BatchPool pool = new(new RecordSchema([], [new SourceInfo("s", 0, 1, 1)]), 1);
    private byte[] answer = [];

    /// <param name="source">How its answers are read; each as one payload unless stated.</param>
    public CannedProvider(HttpSourceOptions? source = null)
    {
        this.source = source ?? new HttpSourceOptions();
        var handler = HttpProviderClients.Handler(gate);
        handler.ConnectCallback = (_, _) => ValueTask.FromResult<Stream>(new Canned(answer));
        client = new HttpClient(handler);
    }

    /// <summary>One attempt, as the gate makes it: what an attempt throws is a failure that is tried again.</summary>
    public string? Ask(byte[] bytes)
    {
        answer = bytes;
        try
        {
            var fetch = new Fetch(source, gate.Options, new AnswerReader(source, new BudgetReader(gate.Options.Throttle, TimeProvider.System), TimeProvider.System, text => text), null, [], TimeProvider.System);
            var result = fetch.SendAsync(client, new Uri("http://provider.example/x"), new TrackedPage(1), null, null, null, CancellationToken.None).AsTask().GetAwaiter().GetResult();
            if (result.Kind is not (AttemptKind.Succeeded or AttemptKind.Begun))
            {
                Assert.False(string.IsNullOrEmpty(result.Error));
                return result.Error;
            }

            if (result.Value!.Arriving is { } body)
            {
                return TakeApart(body);
            }

            Assert.True(result.Value is { Redirect: not null } || result.Value.Body!.Span.Length is > 0 and <= MaxBytes);
            result.Value.Body?.Dispose();
            return null;
        }
        catch (Exception e) when (e is IOException or InvalidDataException)
        {
            return e.Message;
        }
    }

    /// <summary>What is wrong with a body that is taken apart, or with some of its payloads.</summary>
    private string? TakeApart(ArrivingBody body)
    {
        using var taken = body;
        var reasons = new SortedSet<string>(StringComparer.Ordinal);
        var line = 0L;
        while (!body.IsDone)
        {
            if (body.NeedsMore && body.WaitAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult() is { } broken)
            {
                return broken;
            }

            var batch = pool.RentAsync(CancellationToken.None).AsTask().GetAwaiter().GetResult();
            body.Fill(batch, 0, 0);
            for (var i = 0; i < batch.DocumentCount; i++)
            {
                Assert.True(batch.Document(i).Sequence > line);
                Assert.InRange(batch.Document(i).Length, 0, source.LargestPayload(new Pipeline.Configuration.PipelineOptions()));
                line = batch.Document(i).Sequence;
            }

            foreach (ref readonly var departure in batch.Whole.Departures)
            {
                reasons.Add(departure.Reason);
            }

            batch.Release();
        }

        return body.Fault ?? (reasons.Count == 0 ? null : string.Join('\n', reasons));
    }

    public void Dispose()
    {
        pool.Dispose();
        client.Dispose();
        gate.Dispose();
    }

    private sealed class Canned(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanWrite => true;

        public override void Write(ReadOnlySpan<byte> buffer)
        {
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.CompletedTask;
    }
}
