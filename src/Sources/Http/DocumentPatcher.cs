using System.Text.Json;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;
using StreamEngine.Sources.Patches;

namespace StreamEngine.Sources.Http;

/// <summary>Makes the next whole document of the last one and an answer that says what changed.</summary>
internal sealed class DocumentPatcher
{
    /// <summary>About what a value takes in a document that is taken apart; the shortest is written with two bytes.</summary>
    private const int ValueBytes = 80;

    /// <summary>Most values that the copies of one patch may make.</summary>
    private const int MaxCopied = 100_000;

    private readonly Lock @lock = new();
    private readonly JsonTape tape = new();
    private readonly PatchOptions options;
    private readonly long maxBytes;
    private readonly Func<string, string> redact;
    private readonly AnswerPath place;
    private readonly AnswerPath since;
    private readonly DocumentCondition? wholeWhen;

    /// <param name="options">Paths and a condition that are known to parse.</param>
    /// <param name="maxBytes">The largest document.</param>
    /// <param name="redact">Masks secrets.</param>
    public DocumentPatcher(PatchOptions options, long maxBytes, Func<string, string> redact)
    {
        this.options = options;
        this.maxBytes = maxBytes;
        this.redact = redact;
        place = new AnswerPath(options.Place);
        since = new AnswerPath(options.Since);
        wholeWhen = options.WholeWhen is { } text && DocumentCondition.TryParse(text, out var condition, out _) ? condition : null;
    }

    /// <summary>About the most memory, in bytes, that a document of so many bytes takes when it is taken apart.</summary>
    public static long MemoryFor(long document) => document / 2 * ValueBytes;

    /// <summary>Makes the next document.</summary>
    /// <param name="document">The last one.</param>
    /// <param name="answer">What the provider says of it.</param>
    public Patched Apply(ReadOnlySpan<byte> document, Body answer)
    {
        // One at a time: a document that is taken apart is many times as large as it is written.
        lock (@lock)
        {
            if (!tape.TryRead(answer.Span, out var said))
            {
                return Patched.Unusable(tape.Error!);
            }

            if (wholeWhen?.Holds(said) == true)
            {
                return Patched.Whole;
            }

            var patches = new List<JsonDocument>();
            try
            {
                return Apply(document, said, patches);
            }
            catch (JsonException e)
            {
                return Patched.Unusable($"it can't be taken apart: {e.Message}");
            }
            finally
            {
                patches.ForEach(p => p.Dispose());
            }
        }
    }

    private Patched Apply(ReadOnlySpan<byte> document, JsonValue answer, List<JsonDocument> patches)
    {
        var any = false;
        foreach (var match in place.Select(answer))
        {
            any = true;
            if (match.Kind is not (JsonKind.Array or JsonKind.Object) || match.Count > 0)
            {
                patches.Add(JsonDocument.Parse(match.Raw.ToArray(), JsonPatcher.Strict));
            }
        }

        if (patches.Count == 0)
        {
            return any || (answer.Kind == JsonKind.Array && answer.Count == 0) ? Patched.Unchanged
                : wholeWhen is null && since.TryGet(answer, out _) ? Patched.Whole
                : Patched.Unusable($"nothing stands at '{options.Place}': {ErrorText.Of(answer, redact)}");
        }

        var patcher = JsonPatcher.Of(document, MaxCopied);
        foreach (var patch in patches)
        {
            if (options.Operations is null)
            {
                patcher.Merge(patch.RootElement);
            }
            else if (patcher.Apply(patch.RootElement) is { } fault)
            {
                return Patched.Unusable(ErrorText.Of(fault, redact));
            }
        }

        var body = Body.Of(patcher.Root);
        if (body.Span.Length <= maxBytes && body.JsonFault() is null)
        {
            return Patched.To(body);
        }

        body.Dispose();
        return Patched.Unusable("what becomes of the document is larger, or nested more deeply, than the provider's answers may be");
    }
}
