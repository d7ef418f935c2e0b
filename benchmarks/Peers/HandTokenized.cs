using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Microsoft.Win32.SafeHandles;

namespace StreamEngine.Benchmarks;

/// <summary>
/// Hand-written loop B: as fast as this file on this config can be read by one who knows both by heart. The members' names,
/// order and notation are expected where they are; values go to the output as the bytes they came as; the per-key state is one
/// cache line in an open-addressing table and one more for the texts. A line that is not the expected one is a dead letter,
/// whatever is the matter with it. Its output is byte for byte the engine's.
/// </summary>
/// <remarks>It bounds what it expects more narrowly than the config does: counts up to 255, names, team and position of 64 bytes together.</remarks>
internal static unsafe class HandTokenized
{
    private const int BlockSize = 256 * 1024;

    /// <summary>Vector loads and stores may go this far past what they are for.</summary>
    private const int Padding = 1024;

    /// <summary>On one core.</summary>
    public static void Run(Job job)
    {
        using var loop = new Loop(job);
        loop.Run();
    }

    /// <summary>On two threads that share nothing: a key that is in both halves begins anew in the second.</summary>
    public static void RunHalves(Job job) => job.InHalves(Run);

    private sealed class Loop : IDisposable
    {
        private static readonly long Window = TimeSpan.FromDays(1).Ticks;

        private readonly Job job;
        private readonly DeadLetters dead;
        private readonly SafeFileHandle output;
        private readonly PlayerTable players = new();
        private readonly ScorePieces scores;
        private readonly byte[] text = GC.AllocateUninitializedArray<byte>(BlockSize + (64 * 1024), pinned: true);
        private readonly long now;
        private readonly long firstSequence;
        private byte* put;
        private long written;

        public Loop(Job job)
        {
            this.job = job;
            now = job.Now.Ticks;
            dead = new DeadLetters(job);
            output = File.OpenHandle(job.Output, FileMode.Create, FileAccess.Write);
            scores = new ScorePieces(job.Now);
            firstSequence = (now - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;
            put = Begin;
        }

        private byte* Begin => (byte*)Unsafe.AsPointer(ref text[0]);

        public void Run()
        {
            using var input = File.OpenHandle(job.Input, options: FileOptions.SequentialScan);
            var buffer = GC.AllocateArray<byte>(Padding + BlockSize + BlockSize + Padding, pinned: true);
            var block = (byte*)Unsafe.AsPointer(ref buffer[Padding + BlockSize]);
            var (position, held, number) = (job.From, 0, 0L);
            int read;
            while ((read = RandomAccess.Read(input, new Span<byte>(block, (int)Math.Min(BlockSize, job.To - position)), position)) > 0)
            {
                position += read;
                var end = block + read;
                var rest = Lines(block - held, end, ref number);
                held = (int)(end - rest);
                if (held > BlockSize)
                {
                    throw new InvalidDataException($"A line of {job.Input} is longer than {BlockSize} bytes.");
                }

                // In front of the next block, so that reads go to the same place every time.
                Buffer.MemoryCopy(rest, block - held, held, held);
            }

            Flush();
            RandomAccess.FlushToDisk(output);
        }

        public void Dispose()
        {
            dead.Dispose();
            output.Dispose();
            players.Dispose();
        }

        private byte* Lines(byte* at, byte* end, ref long number)
        {
            var line = default(PlayerLine);
            var expected = new LineTokenizer();

            // A line that ends in this block is shorter than what is left of it: what lies behind the end is never taken for a line's.
            var last = new Span<byte>(at, (int)(end - at)).LastIndexOf((byte)'\n');
            var stop = at + last + 1;
            while (at < stop)
            {
                number++;
                var next = expected.Read(at, ref line, players);
                if (next is null)
                {
                    var length = new ReadOnlySpan<byte>(at, (int)(stop - at)).IndexOf((byte)'\n');
                    var wrong = new ReadOnlySpan<byte>(at, length);
                    dead.Write(DeadLetters.Reason(wrong), wrong, number);
                    at += length + 1;
                    continue;
                }

                Take(ref line);
                at = next;
            }

            return stop;
        }

        private void Take(ref PlayerLine line)
        {
            ref var player = ref *players.Find(line.Id);
            var sameText = player.SameText(line.Text, line.TextLength);
            var textHash = sameText ? player.TextHash : PlayerTable.Hash(line.Text, line.TextLength);
            var content = PlayerTable.Mix(line.Counts, line.Rates, textHash);
            var repeated = player.Content == content && player.Revision > 0 && now - player.Seen <= Window;
            player.Content = content;
            player.Seen = now;
            if (repeated || line.At < player.At)
            {
                return;
            }

            var changed = player.Revision == 0 ? PlayerTable.AllFields : player.Changes(line, sameText);
            player.At = line.At;
            if (changed == 0)
            {
                return;
            }

            player.Counts = line.Counts;
            player.Rates = line.Rates;
            if (!sameText)
            {
                player.Keep(line.Text, line.TextLength, textHash);
            }

            Write(line, ++player.Revision, changed);
        }

        private void Write(in PlayerLine line, int revision, int changed)
        {
            var to = put;
            Text(ref to, "{\"key\":\"player:mlb:"u8);
            Vector128.Store(Vector128.Load(line.IdText), to);
            to += line.IdLength;
            Text(ref to, "\",\"kind\":\"player\",\"event\":\"player_update\",\"revision\":"u8);
            Digits.Put(ref to, revision);
            Text(ref to, ",\"sequence\":"u8);
            Digits.Put(ref to, firstSequence + revision - 1);
            Text(ref to, ",\"eventTime\":\""u8);
            Vector256.Store(Vector256.Load(line.Time), to);
            to += LineTokenizer.TimeLength;
            Copy(ref to, scores.Of(now - line.At, line.IsRuleBroken));
            Copy(ref to, ChangePieces.Of(changed));
            Copy(ref to, line.Text, line.TextLength);
            Copy(ref to, line.Time + LineTokenizer.TimeLength, line.NumbersLength);
            Text(ref to, "\"battingAverage\":"u8);
            Vector256.Store(Vector256.Load(line.Average), to);
            to += LineTokenizer.RatesLength;
            Copy(ref to, ChangePieces.Ending);
            put = to;
            if (to - Begin >= BlockSize)
            {
                Flush();
            }
        }

        private void Flush()
        {
            var length = (int)(put - Begin);
            RandomAccess.Write(output, text.AsSpan(0, length), written);
            written += length;
            put = Begin;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Text(ref byte* to, ReadOnlySpan<byte> constant)
        {
            constant.CopyTo(new Span<byte>(to, constant.Length));
            to += constant.Length;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Copy(ref byte* to, in Piece piece) => Copy(ref to, piece.Start, piece.Length);

        /// <summary>Copies whole vectors: what is written too much is overwritten by what comes next.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Copy(ref byte* to, byte* from, int length)
        {
            for (var i = 0; i < length; i += Vector256<byte>.Count)
            {
                Vector256.Store(Vector256.Load(from + i), to + i);
            }

            to += length;
        }
    }
}
