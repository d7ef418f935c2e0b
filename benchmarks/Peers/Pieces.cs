using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;

namespace StreamEngine.Benchmarks;

/// <summary>A piece of output made once; whole vectors may be read from its start.</summary>
internal readonly unsafe struct Piece
{
    public Piece(string text)
    {
        var length = Encoding.UTF8.GetByteCount(text);
        var memory = GC.AllocateArray<byte>(length + 64, pinned: true);
        Encoding.UTF8.GetBytes(text, memory);
        Keep.Add(memory);
        Start = (byte*)Unsafe.AsPointer(ref memory[0]);
        Length = length;
    }

    // The pointers don't keep the arrays alive.
    [ThreadStatic]
    private static List<byte[]>? kept;

    private static List<byte[]> Keep => kept ??= [];

    public byte* Start { get; }

    public int Length { get; }
}

/// <summary>From the time received to the reasons, by age. As the score is written with three digits, few pieces are all there are.</summary>
/// <param name="now">The time received.</param>
internal sealed class ScorePieces(DateTime now)
{
    private static readonly long HalfLife = TimeSpan.FromSeconds(300).Ticks;

    private readonly Step[] steps = new Step[2];
    private readonly Piece[] pieces = new Piece[1001 * 4];

    /// <summary>The piece for a record of that age.</summary>
    /// <param name="age">Ticks.</param>
    /// <param name="broken">Whether the record's rule is broken.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Piece Of(long age, bool broken)
    {
        ref var step = ref steps[broken ? 1 : 0];
        if (age < step.From || age >= step.To)
        {
            Find(ref step, age, broken);
        }

        return step.Piece;
    }

    private static double Score(long age, bool broken)
    {
        var validity = broken ? 1 - (1.0 / 12) : 1.0;
        return 0.4 + (0.3 * validity) + (0.2 * Math.Pow(0.5, Math.Max(0, age) / (double)HalfLife)) + 0.1;
    }

    private static int Thousandths(long age, bool broken) => PlayerWriter.Thousandths(Score(age, broken));

    /// <summary>Looks for the ages between which the text is the same: the score only falls.</summary>
    private void Find(ref Step step, long age, bool broken)
    {
        var (score, old) = (Thousandths(age, broken), age > HalfLife);
        bool Same(long other) => Thousandths(other, broken) == score && other > HalfLife == old;
        var (from, to) = (age, age + 1);
        for (var by = 1L << 40; by > 0; by >>= 1)
        {
            from -= Same(from - by) ? by : 0;
            to += Same(to - 1 + by) ? by : 0;
        }

        ref var piece = ref pieces[(score * 4) + (old ? 2 : 0) + (broken ? 1 : 0)];
        if (piece.Length == 0)
        {
            piece = Make(score, old, broken, Score(age, broken));
        }

        step = new Step(from, to, piece);
    }

    private Piece Make(int thousandths, bool old, bool broken, double score)
    {
        var level = broken ? "invalid" : score >= 0.8 ? "high" : "medium";
        string[] reasons = [.. broken ? ["\"broken rule hits <= atBats\""] : Array.Empty<string>(), .. old ? ["\"old\""] : Array.Empty<string>()];
        return new Piece(string.Create(
            CultureInfo.InvariantCulture,
            $$"""
            ","receivedTime":"{{now:yyyy-MM-ddTHH:mm:ss.fffZ}}","source":"lines","quality":{"score":{{thousandths / 1000.0}},"level":"{{level}}","reasons":[{{string.Join(',', reasons)}}]}
            """));
    }

    private readonly record struct Step(long From, long To, Piece Piece);
}

/// <summary>The list of changed fields and what follows it, and a record's ending.</summary>
internal static class ChangePieces
{
    [ThreadStatic]
    private static Piece[]? pieces;

    [ThreadStatic]
    private static Piece ending;

    public static Piece Ending => ending.Length > 0 ? ending : ending = new Piece(Encoding.UTF8.GetString(PlayerWriter.Ending));

    public static Piece Of(int changed)
    {
        ref var piece = ref (pieces ??= new Piece[PlayerTable.AllFields + 1])[changed];
        if (piece.Length == 0)
        {
            piece = new Piece($$""","changed":{{Encoding.UTF8.GetString(PlayerWriter.ChangeList(changed))}},"fields":{"name":" """.TrimEnd());
        }

        return piece;
    }
}
