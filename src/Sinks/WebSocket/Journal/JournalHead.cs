namespace StreamEngine.Sinks.WebSockets.Journal;

/// <summary>What a file of the hub begins with, behind eight bytes that say which kind of file it is.</summary>
/// <param name="Number">Number of the segment.</param>
/// <param name="Since">First segment of the lineage: what is wrong with earlier ones has been told, and no position refers to them.</param>
/// <param name="Floor">The largest offset of a channel that was forgotten.</param>
/// <param name="Boot">The run of the machine in which it was written; empty when it is not known.</param>
/// <param name="States">How many channels' states follow.</param>
/// <param name="Epochs">The epochs whose positions it knows, oldest first.</param>
internal sealed record JournalHead(long Number, long Since, long Floor, Guid Boot, int States, IReadOnlyList<string> Epochs)
{
    /// <summary>Length of what says which kind of file it is.</summary>
    public const int MagicLength = 8;

    /// <summary>Such a segment of the event log.</summary>
    public static ReadOnlySpan<byte> LogMagic => "SEEVLG1\n"u8;

    /// <summary>Such a state of all channels.</summary>
    public static ReadOnlySpan<byte> StateMagic => "SECHST1\n"u8;

    /// <summary>The bytes.</summary>
    public byte[] ToBytes()
    {
        using var bytes = new MemoryStream();
        using var writer = new BinaryWriter(bytes);
        writer.Write(Number);
        writer.Write(Since);
        writer.Write(Floor);
        writer.Write(Boot.ToByteArray());
        writer.Write(States);
        writer.Write(Epochs.Count);
        foreach (var epoch in Epochs)
        {
            writer.Write(epoch);
        }

        return bytes.ToArray();
    }

    /// <summary>Reads the body of the first record of a file.</summary>
    /// <returns>Null when it is something else.</returns>
    public static JournalHead? TryRead(ReadOnlySpan<byte> body)
    {
        if (body[0] != JournalRecord.Head)
        {
            return null;
        }

        using var reader = new BinaryReader(new MemoryStream(body[1..].ToArray()));
        try
        {
            var head = new JournalHead(reader.ReadInt64(), reader.ReadInt64(), reader.ReadInt64(), new Guid(reader.ReadBytes(16)), reader.ReadInt32(), []);
            var epochs = new List<string>();
            for (var left = reader.ReadInt32(); left > 0; left--)
            {
                epochs.Add(reader.ReadString());
            }

            return head with { Epochs = epochs };
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            return null;
        }
    }
}
