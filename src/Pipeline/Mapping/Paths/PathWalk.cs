using System.Runtime.CompilerServices;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What a path finds below a value of a tape, in document order. The bytes may move between two matches.</summary>
internal struct PathWalk
{
    /// <summary>The most wildcards in one path: their positions are kept on the stack.</summary>
    public const int MaxWildcards = 4;

    /// <summary>Most matches of a path that is no plain walk.</summary>
    public const int MaxMatches = 1 << 20;

    private readonly PathStep[] steps;
    private readonly List<int>? found;
    private readonly JsonTape tape;
    private readonly int root;
    private Frames frames;
    private int depth;
    private int taken;
    private bool started;

    /// <param name="path">The path.</param>
    /// <param name="tape">The document.</param>
    /// <param name="root">The value it starts at.</param>
    /// <param name="found">What its query has selected, when it has one.</param>
    public PathWalk(MappingPath path, JsonTape tape, int root, List<int>? found = null)
    {
        steps = path.Steps;
        this.tape = tape;
        this.root = root;
        this.found = found;
    }

    /// <summary>The match the walk stands on.</summary>
    public int Current { get; private set; }

    /// <summary>Under what the match stood.</summary>
    public PathKey Key { get; private set; }

    /// <summary>Goes to the next match; false at the end.</summary>
    /// <param name="bytes">The memory that the tape's tokens count from.</param>
    public bool MoveNext(ReadOnlySpan<byte> bytes)
    {
        if (found is not null)
        {
            if (taken == found.Count)
            {
                return false;
            }

            Current = found[taken++];
            Key = PathKey.Of(Current);
            return true;
        }

        if (!started)
        {
            started = true;
            if (Descend(bytes, root, 0))
            {
                return true;
            }
        }

        while (depth > 0)
        {
            ref var frame = ref frames[depth - 1];
            if (frame.Next >= frame.End)
            {
                depth--;
                continue;
            }

            Key = frame.IsObject ? PathKey.Member(frame.Next) : PathKey.Item(frame.Index++);
            var child = frame.IsObject ? frame.Next + 1 : frame.Next;
            frame.Next = tape.After(child);
            if (Descend(bytes, child, frame.Step + 1))
            {
                return true;
            }
        }

        return false;
    }

    private bool Descend(ReadOnlySpan<byte> bytes, int at, int step)
    {
        for (; step < steps.Length; step++)
        {
            ref readonly var next = ref steps[step];
            if (next.IsWildcard)
            {
                ref readonly var token = ref tape.Tokens[at];
                if (token.Kind >= JsonKind.Array)
                {
                    frames[depth++] = new Frame { IsObject = token.Kind == JsonKind.Object, Next = at + 1, End = token.Next, Step = step };
                }

                return false;
            }

            at = next.Name is { } name ? tape.Member(bytes, at, name) : tape.Item(at, next.Index);
            if (at < 0)
            {
                return false;
            }

            Key = next.Name is { } known ? PathKey.Name(known) : PathKey.Item(next.Index);
        }

        Current = at;
        return true;
    }

    private struct Frame
    {
        public bool IsObject;
        public int Next;
        public int End;
        public int Step;
        public int Index;
    }

    [InlineArray(MaxWildcards)]
    private struct Frames
    {
        private Frame first;
    }
}
