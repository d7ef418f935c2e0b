using System.Buffers;
using System.Buffers.Text;
using System.IO.Hashing;
using System.Text.Json;
using StreamEngine.Pipeline.Messages;

namespace StreamEngine.Benchmarks;

/// <summary>
/// What an expert would write for exactly this input and output: one loop, `Utf8JsonReader`, a typed struct, pooled
/// buffers, a dictionary of hashes. Its output is byte for byte the engine's.
/// </summary>
internal static class HandWritten
{
    private const int BlockSize = 64 * 1024;

    public static long Run(string input, string output, DateTime now)
    {
        using var reader = File.OpenHandle(input, options: FileOptions.SequentialScan);
        using var writer = File.OpenHandle(output, FileMode.Create, FileAccess.Write);
        var seen = new Dictionary<ulong, ulong>();
        var text = new ArrayBufferWriter<byte>(BlockSize * 4);
        var buffer = new byte[BlockSize * 2];
        long position = 0, written = 0, line = 0;
        var held = 0;
        while (true)
        {
            var read = RandomAccess.Read(reader, buffer.AsSpan(held), position);
            position += read;
            var have = held + read;
            var start = 0;
            int end;
            while ((end = buffer.AsSpan(start, have - start).IndexOf((byte)'\n')) >= 0)
            {
                Line(buffer.AsSpan(start, end), ++line, now, seen, text);
                start += end + 1;
            }

            if (text.WrittenCount > BlockSize || read == 0)
            {
                RandomAccess.Write(writer, text.WrittenSpan, written);
                written += text.WrittenCount;
                text.ResetWrittenCount();
            }

            if (read == 0)
            {
                return line;
            }

            held = have - start;
            buffer.AsSpan(start, held).CopyTo(buffer);
        }
    }

    private static void Line(ReadOnlySpan<byte> line, long number, DateTime now, Dictionary<ulong, ulong> seen, ArrayBufferWriter<byte> output)
    {
        Record record = default;
        var json = new Utf8JsonReader(line);
        json.Read();
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.ValueSpan;
            json.Read();
            var value = json.ValueSpan;
            if (name.SequenceEqual("id"u8))
            {
                record.Id = value;
            }
            else if (name.SequenceEqual("name"u8))
            {
                record.Name = value;
            }
            else if (name.SequenceEqual("team"u8))
            {
                record.Team = value;
            }
            else if (name.SequenceEqual("position"u8))
            {
                record.Position = value;
            }
            else if (name.SequenceEqual("at"u8))
            {
                record.At = json.GetDateTime().ToUniversalTime();
            }
            else if (name.SequenceEqual("game"u8))
            {
                record.Game = value;
            }
            else if (name.SequenceEqual("atBats"u8))
            {
                record.AtBats = value;
            }
            else if (name.SequenceEqual("hits"u8))
            {
                record.Hits = value;
            }
            else if (name.SequenceEqual("homeRuns"u8))
            {
                record.HomeRuns = value;
            }
            else if (name.SequenceEqual("rbi"u8))
            {
                record.Rbi = value;
            }
            else if (name.SequenceEqual("walks"u8))
            {
                record.Walks = value;
            }
            else if (name.SequenceEqual("avg"u8))
            {
                record.Average = value;
            }
            else if (name.SequenceEqual("ops"u8))
            {
                record.Ops = value;
            }
        }

        var key = XxHash3.HashToUInt64(record.Id);
        var content = Content(record);
        if (seen.TryGetValue(key, out var last) && last == content)
        {
            return;
        }

        seen[key] = content;
        Write(record, number, Score(record, now), (now - record.At).TotalMinutes > 5, now, output);
    }

    private static ulong Content(in Record record)
    {
        Span<byte> all = stackalloc byte[512];
        var length = 0;
        Put(record.Name, all, ref length);
        Put(record.Team, all, ref length);
        Put(record.Position, all, ref length);
        Put(record.Game, all, ref length);
        Put(record.AtBats, all, ref length);
        Put(record.Hits, all, ref length);
        Put(record.HomeRuns, all, ref length);
        Put(record.Rbi, all, ref length);
        Put(record.Walks, all, ref length);
        Put(record.Average, all, ref length);
        Put(record.Ops, all, ref length);
        return XxHash3.HashToUInt64(all[..length]);

        static void Put(ReadOnlySpan<byte> value, Span<byte> all, ref int length)
        {
            value.CopyTo(all[length..]);
            length += value.Length;
            all[length++] = 0;
        }
    }

    private static float Score(in Record record, DateTime now)
    {
        var validity = Utf8Parser.TryParse(record.Hits, out long hits, out _) && Utf8Parser.TryParse(record.AtBats, out long atBats, out _) && hits <= atBats ? 1.0 : 1 - (1.0 / 12);
        return (float)(0.4 + (0.3 * validity) + (0.2 * Math.Pow(0.5, (now - record.At).Ticks / (double)(300 * TimeSpan.TicksPerSecond))) + 0.1);
    }

    private static void Write(in Record record, long number, float score, bool old, DateTime now, ArrayBufferWriter<byte> output)
    {
        output.Write("{\"key\":\"player:mlb:"u8);
        output.Write(record.Id);
        output.Write("\",\"kind\":\"player\",\"event\":\"player_update\",\"sequence\":"u8);
        Utf8Formatter.TryFormat(number, output.GetSpan(20), out var written);
        output.Advance(written);
        output.Write(",\"eventTime\":"u8);
        RecordEncoder.WriteTime(record.At.Ticks, output);
        output.Write(",\"receivedTime\":"u8);
        RecordEncoder.WriteTime(now.Ticks, output);
        output.Write(",\"source\":\"lines\",\"quality\":{\"score\":"u8);
        Utf8Formatter.TryFormat(Math.Round(score, 3), output.GetSpan(32), out written);
        output.Advance(written);
        output.Write(score >= 0.8 ? ",\"level\":\"high\",\"reasons\":["u8 : ",\"level\":\"medium\",\"reasons\":["u8);
        output.Write(old ? "\"old\"]},\"fields\":{"u8 : "]},\"fields\":{"u8);
        Text("\"name\":\""u8, record.Name, output);
        Text(",\"team\":\""u8, record.Team, output);
        Text(",\"position\":\""u8, record.Position, output);
        Number(",\"game\":"u8, record.Game, output);
        Number(",\"atBats\":"u8, record.AtBats, output);
        Number(",\"hits\":"u8, record.Hits, output);
        Number(",\"homeRuns\":"u8, record.HomeRuns, output);
        Number(",\"rbi\":"u8, record.Rbi, output);
        Number(",\"walks\":"u8, record.Walks, output);
        Number(",\"battingAverage\":"u8, record.Average, output);
        Number(",\"ops\":"u8, record.Ops, output);
        output.Write("}}\n"u8);
    }

    private static void Text(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ArrayBufferWriter<byte> output)
    {
        output.Write(name);
        output.Write(value);
        output.Write("\""u8);
    }

    private static void Number(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, ArrayBufferWriter<byte> output)
    {
        output.Write(name);
        output.Write(value);
    }

    /// <summary>The fields as slices of the line.</summary>
    private ref struct Record
    {
        public ReadOnlySpan<byte> Id;
        public ReadOnlySpan<byte> Name;
        public ReadOnlySpan<byte> Team;
        public ReadOnlySpan<byte> Position;
        public ReadOnlySpan<byte> Game;
        public ReadOnlySpan<byte> AtBats;
        public ReadOnlySpan<byte> Hits;
        public ReadOnlySpan<byte> HomeRuns;
        public ReadOnlySpan<byte> Rbi;
        public ReadOnlySpan<byte> Walks;
        public ReadOnlySpan<byte> Average;
        public ReadOnlySpan<byte> Ops;
        public DateTime At;
    }
}
