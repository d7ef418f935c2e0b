using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace StreamEngine.Sinks.WebSockets;

/// <summary>A channel with its current value. Guarded by its shard's lock; name, kind and head never change.</summary>
internal sealed class HubChannel
{
    private const int Step = 64;

    /// <summary>What a channel takes besides its names and its value: its objects, and its places in the table and in the order of news.</summary>
    private const int Overhead = 360;

    private byte[] data = [];
    private int length;
    private Frame? last;
    private string? now;
    private long publishedAt;
    private object? statusTopic;
    private long reserved;
    private (int Run, long Offset) passed;

    /// <summary>Makes one without a value.</summary>
    /// <param name="name">What it is called.</param>
    /// <param name="offset">The offset after which it begins.</param>
    /// <param name="isEvent">Whether every update counts, and not only the latest.</param>
    public HubChannel(string name, long offset, bool isEvent = false)
    {
        Name = name;
        Offset = reserved = offset;
        IsEvent = isEvent;
        Node = new LinkedListNode<HubChannel>(this);
        UpdateHead = Encoding.UTF8.GetBytes($"{{\"type\":\"update\",\"channel\":\"{JsonEncodedText.Encode(name, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\",\"offset\":");
    }

    public string Name { get; }

    public bool IsEvent { get; }

    public byte[] UpdateHead { get; }

    public LinkedListNode<HubChannel> Node { get; }

    public long Offset { get; private set; }

    /// <summary>The largest offset that was given out in it.</summary>
    public long Highest => Math.Max(Offset, reserved);

    /// <summary>Whether the entity is gone.</summary>
    public bool Removed { get; private set; }

    /// <summary>The channel in which the entity goes on.</summary>
    public string? Now => now;

    /// <summary>The current value as JSON, UTF-8.</summary>
    public ReadOnlySpan<byte> Data => data.AsSpan(0, length);

    /// <summary>Whether anything was published.</summary>
    public bool HasValue => Removed || length > 0;

    /// <summary>The newest value's frame. It is made when somebody wants it: most channels have no listener most of the time.</summary>
    public Frame Last => last ??= now is not null ? Frame.Alias(this, now, Offset, publishedAt)
        : Removed ? Frame.Removed(this, Offset, publishedAt)
        : Frame.Update(this, Offset, Data, publishedAt);

    /// <summary>What its status frames are known by when a listener is behind.</summary>
    public object StatusTopic => statusTopic ??= new object();

    /// <summary>When its value was last changed or confirmed.</summary>
    public DateTimeOffset TouchedAt { get; set; }

    /// <summary>Whether its listeners were told that the value is old.</summary>
    public bool IsStale { get; set; }

    /// <summary>Where its newest entry of the history is; -1 for nowhere.</summary>
    public long LastEntry { get; set; } = -1;

    /// <summary>What the pipeline has said in it so far, for channels of events.</summary>
    public EventPositions Said { get; } = new();

    /// <summary>Memory that it took when it was last counted, in bytes.</summary>
    public int Weight { get; private set; }

    /// <summary>Gives out the next offset, for an event that is published later.</summary>
    /// <param name="run">Grows whenever the pipeline goes back to a checkpoint.</param>
    public long Reserve(int run)
    {
        reserved = Highest + 1;
        Pass(run, reserved);
        return reserved;
    }

    /// <summary>Up to which offset a run has said everything, be it again or for the first time; 0 when it has said nothing yet.</summary>
    public long PassedIn(int run) => passed.Run == run ? passed.Offset : 0;

    /// <summary>A run has said what stands at an offset; 0 changes nothing.</summary>
    public void Pass(int run, long offset) => passed = offset > 0 ? (run, offset) : passed;

    /// <summary>Counts its memory anew, the frame of its value included.</summary>
    /// <returns>By how much it takes more.</returns>
    public int Reweigh()
    {
        var before = Weight;
        Weight = Overhead + (sizeof(char) * (Name.Length + (now?.Length ?? 0))) + UpdateHead.Length + data.Length + (last?.Weight ?? 0);
        return Weight - before;
    }

    /// <summary>Takes a new value, over the one before.</summary>
    /// <param name="value">JSON, UTF-8.</param>
    /// <param name="offset">Its offset.</param>
    /// <param name="at">When, by the clock's timestamps.</param>
    public void Update(ReadOnlySpan<byte> value, long offset, long at)
    {
        if (data.Length < value.Length)
        {
            data = GC.AllocateUninitializedArray<byte>((value.Length + Step - 1) / Step * Step);
        }

        value.CopyTo(data);
        (length, last, Removed, now, Offset, publishedAt) = (value.Length, null, false, null, offset, at);
    }

    /// <summary>The entity is gone.</summary>
    /// <param name="alias">The channel in which it goes on; null for none.</param>
    /// <param name="offset">The removal's offset.</param>
    /// <param name="at">When, by the clock's timestamps.</param>
    public void Remove(string? alias, long offset, long at) => (data, length, last, Removed, now, Offset, publishedAt) = ([], 0, null, true, alias, offset, at);
}
