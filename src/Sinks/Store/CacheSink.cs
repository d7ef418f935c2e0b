using System.Buffers;
using System.Text;
using StreamEngine.Pipeline.Blocks;
using StreamEngine.Pipeline.Messages;
using StreamEngine.Redis;

namespace StreamEngine.Sinks.Store;

/// <summary>Writes records to the <see cref="RecordStore"/>.</summary>
internal sealed class CacheSink : ISink
{
    private readonly RecordStore store;
    private readonly TimeSpan[] ttls;
    private readonly TimeSpan aliasTtl;
    private readonly ArrayBufferWriter<byte> notice = new();
    private char[] buffer = new char[256];

    public CacheSink(CacheSinkOptions options, BlockContext context)
    {
        store = SinkTypes.Service<RecordStore>(context);
        store.MaxBytes = options.MaxBytes.Bytes;
        store.Keep = options.Keep.Value;
        aliasTtl = options.AliasTtl.Value;
        ttls = [.. context.Schema.Types.Select(t => options.TtlOf(t.Name))];
    }

    public bool BeginsEmpty => store.Redis is null;

    public string? Problem => store.Redis?.Problem;

    public ValueTask WriteAsync(Batch batch, CancellationToken cancellationToken)
    {
        foreach (var row in batch)
        {
            ref readonly var head = ref row.Head;
            var key = Decode(row.Key);
            switch (head.Op)
            {
                case RowOp.Update:
                    var stamp = Stamp(head);
                    if (batch.IsRestored)
                    {
                        store.Restore(key, row.Type.Name, batch.DataOf(row.Index).Span, stamp, ttls[head.Type]);
                    }
                    else
                    {
                        store.Set(key, row.Type.Name, batch.DataOf(row.Index).Span, stamp, ttls[head.Type]);
                    }

                    break;
                case RowOp.Confirmed:
                    store.Confirm(key, ttls[head.Type]);
                    break;
                case RowOp.Removed when head.DataLength > 0:
                    var now = batch.DataOf(row.Index).Span;
                    notice.ResetWrittenCount();
                    RecordEncoder.WriteRemoval(row, now, notice);
                    store.Alias(key, Encoding.UTF8.GetString(now), row.Type.Name, notice.WrittenSpan, Stamp(head), aliasTtl);
                    break;
                case RowOp.Removed:
                    store.Remove(key, head.Sequence);
                    break;
            }
        }

        return ValueTask.CompletedTask;
    }

    public async ValueTask CompleteAsync(CancellationToken cancellationToken)
    {
        if (store.Redis is { } redis)
        {
            await redis.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public static void Check(CacheSinkOptions options, BlockCheck check)
    {
        SinkTypes.CheckOnlyOne<CacheSinkOptions>("cache", check);
        if (check.Pipeline.Redis.Url is { Length: > 0 } url && RedisAddress.Fault(url) is { } fault)
        {
            check.ErrorAt("redis.url", fault);
        }

        foreach (var (kind, ttl) in options.Ttl)
        {
            if (check.Schema.Type(kind) is null)
            {
                check.Error($"ttl.{kind}", $"no record '{kind}' is declared; the records are {string.Join(", ", check.Schema.Types.Select(t => $"'{t.Name}'"))}");
            }
            else if (ttl.Value <= TimeSpan.Zero)
            {
                check.Error($"ttl.{kind}", "must be longer than 0s; write it like '5m'");
            }
        }
    }

    private static RecordStamp Stamp(in RowHead head) => new(
        head.Sequence, new DateTimeOffset(head.EventTime, TimeSpan.Zero), new DateTimeOffset(head.ReceivedTime, TimeSpan.Zero), head.Quality.Score, head.Quality.Level);

    private ReadOnlySpan<char> Decode(ReadOnlySpan<byte> key)
    {
        if (buffer.Length < key.Length)
        {
            buffer = new char[key.Length];
        }

        return buffer.AsSpan(0, Encoding.UTF8.GetChars(key, buffer));
    }
}
