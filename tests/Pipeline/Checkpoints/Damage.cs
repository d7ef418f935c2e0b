using System.Buffers.Binary;
using System.IO.Hashing;
using StreamEngine.Pipeline.Checkpoints;

namespace StreamEngine.Pipeline.Tests.Checkpoints;

/// <summary>Changes files the way disks, and worse, do.</summary>
internal static class Damage
{
    /// <summary>Where a file says when its checkpoint was begun.</summary>
    public const int Time = CheckpointFile.HeadLength + sizeof(long);

    /// <summary>How long the link to the file of changes is, behind the pipeline's name.</summary>
    private const int Link = 40;

    /// <summary>Where a file says how long its sections are.</summary>
    public static IReadOnlyList<int> LengthsOf(byte[] file)
    {
        using var reader = new BinaryReader(new MemoryStream(file) { Position = Time + sizeof(long) });
        reader.ReadString();
        reader.BaseStream.Position += Link;
        var places = new List<int>();
        for (var count = reader.ReadInt32(); count > 0; count--)
        {
            reader.ReadString();
            reader.ReadInt64();
            reader.ReadString();
            reader.ReadInt32();
            reader.ReadInt64();
            places.Add((int)reader.BaseStream.Position);
            reader.ReadInt64();
        }

        return places;
    }

    /// <summary>Makes the checksum of the head right again.</summary>
    public static void SealHead(Span<byte> file) => BinaryPrimitives.WriteUInt64LittleEndian(file[32..], XxHash3.HashToUInt64(file[..32]));

    /// <summary>Makes the checksums of head and table right again, so that what they say is believed.</summary>
    public static void Seal(Span<byte> file)
    {
        var table = BinaryPrimitives.ReadInt32LittleEndian(file[12..]);
        if (table >= 0 && table <= file.Length - CheckpointFile.HeadLength)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(file[24..], XxHash3.HashToUInt64(file.Slice(CheckpointFile.HeadLength, table)));
        }

        SealHead(file);
    }

    /// <summary>One to four random changes: bits, bytes, numbers, pieces taken out, put in, zeroed or doubled.</summary>
    public static byte[] Mutate(byte[] file, Random random)
    {
        var bytes = file.ToList();
        for (var changes = 1 + random.Next(4); changes > 0; changes--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(1, 64), bytes.Count - at);
            switch (random.Next(7))
            {
                case 0 when length > 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1 when length >= 8:
                    var number = new byte[8];
                    BinaryPrimitives.WriteInt64LittleEndian(number, Awkward(random));
                    Put(bytes, at, number.AsSpan(0, random.Next(2) * 4 + 4));
                    break;
                case 2:
                    bytes.RemoveRange(at, length);
                    break;
                case 3:
                    bytes.RemoveRange(at, bytes.Count - at);
                    break;
                case 4:
                    Put(bytes, at, new byte[length]);
                    break;
                case 5:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                default:
                    var noise = new byte[length];
                    random.NextBytes(noise);
                    Put(bytes, at, noise);
                    break;
            }
        }

        return [.. bytes];
    }

    private static long Awkward(Random random) => random.Next(6) switch
    {
        0 => long.MaxValue,
        1 => -1,
        2 => int.MaxValue,
        3 => int.MinValue,
        4 => random.Next(100_000),
        _ => 1L << random.Next(64),
    };

    private static void Put(List<byte> bytes, int at, ReadOnlySpan<byte> piece)
    {
        for (var i = 0; i < piece.Length; i++)
        {
            bytes[at + i] = piece[i];
        }
    }
}
