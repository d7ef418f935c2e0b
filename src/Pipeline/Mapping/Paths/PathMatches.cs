using System.Runtime.CompilerServices;
using System.Text.Json;

namespace StreamEngine.Pipeline.Mapping;

/// <summary>What a path finds below an item, in document order. Enumerating allocates nothing.</summary>
public struct PathMatches
{
    /// <summary>The most wildcards in one path: their positions are kept on the stack.</summary>
    internal const int MaxWildcards = 4;

    private readonly PathStep[] steps;
    private readonly JsonElement root;
    private Frames frames;
    private int depth;
    private bool started;
    private PathKey key;

    internal PathMatches(PathStep[] steps, JsonElement root)
    {
        this.steps = steps;
        this.root = root;
    }

    /// <summary>The match the walk stands on.</summary>
    public JsonElement Current { get; private set; }

    /// <summary>Under what the match stood.</summary>
    internal readonly PathKey Key => key;

    /// <summary>The walk itself.</summary>
    public readonly PathMatches GetEnumerator() => this;

    /// <summary>Goes to the next match; false at the end.</summary>
    public bool MoveNext()
    {
        if (!started)
        {
            started = true;
            if (Descend(root, 0))
            {
                return true;
            }
        }

        while (depth > 0)
        {
            ref var frame = ref frames[depth - 1];
            if (!frame.MoveNext(out var child))
            {
                depth--;
                continue;
            }

            key = frame.Key;
            if (Descend(child, frame.Step + 1))
            {
                return true;
            }
        }

        return false;
    }

    private bool Descend(JsonElement at, int step)
    {
        for (; step < steps.Length; step++)
        {
            ref readonly var next = ref steps[step];
            if (next.IsWildcard)
            {
                if (at.ValueKind is JsonValueKind.Object or JsonValueKind.Array)
                {
                    frames[depth++] = new Frame(at, step);
                }

                return false;
            }

            if (!MappingPath.TryStep(next, ref at))
            {
                return false;
            }

            key = next.Name is { } name ? new PathKey(name) : new PathKey(next.Index);
        }

        Current = at;
        return true;
    }

    private struct Frame
    {
        private readonly bool isObject;
        private JsonElement.ObjectEnumerator members;
        private JsonElement.ArrayEnumerator items;
        private int index = -1;

        public Frame(JsonElement at, int step)
        {
            Step = step;
            isObject = at.ValueKind == JsonValueKind.Object;
            if (isObject)
            {
                members = at.EnumerateObject();
            }
            else
            {
                items = at.EnumerateArray();
            }
        }

        public int Step { get; }

        public readonly PathKey Key => isObject ? new PathKey(members.Current) : new PathKey(index);

        public bool MoveNext(out JsonElement child)
        {
            if (isObject)
            {
                var more = members.MoveNext();
                child = more ? members.Current.Value : default;
                return more;
            }

            index++;
            var next = items.MoveNext();
            child = next ? items.Current : default;
            return next;
        }
    }

    [InlineArray(MaxWildcards)]
    private struct Frames
    {
        private Frame first;
    }
}
