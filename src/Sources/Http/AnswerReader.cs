using System.Globalization;
using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;
using StreamEngine.Pipeline.Providers;

namespace StreamEngine.Sources.Http;

/// <summary>Reads what the source itself wants to know of an answer: whether it is an error after all, how it goes on, how soon to ask again.</summary>
internal sealed class AnswerReader
{
    /// <summary>The longest cursor or URL that is followed: it is kept, and goes into a URL.</summary>
    private const int MaxNext = 8 << 10;

    private readonly Lock @lock = new();
    private readonly JsonTape tape = new();
    private readonly HttpSourceOptions options;
    private readonly BudgetReader budget;
    private readonly ThrottledAnswer? throttled;
    private readonly Func<string, string> redact;
    private readonly DocumentCondition? failsWhen;
    private readonly DocumentCondition? expects;
    private readonly AnswerPath? errorText;
    private readonly AnswerPath? state;
    private readonly AnswerPath? items;
    private readonly AnswerPath? total;
    private readonly AnswerPath? next;
    private readonly AnswerPath? since;

    /// <param name="options">Conditions and paths that are known to parse.</param>
    /// <param name="budget">Reads what the provider says of its own count.</param>
    /// <param name="time">The clock.</param>
    /// <param name="redact">Masks secrets.</param>
    public AnswerReader(HttpSourceOptions options, BudgetReader budget, TimeProvider time, Func<string, string> redact)
    {
        this.options = options;
        this.budget = budget;
        throttled = options.ThrottledWhen is { } words ? new ThrottledAnswer(words, options.RetryAfter, time) : null;
        this.redact = redact;
        failsWhen = Condition(options.FailsWhen);
        expects = Condition(options.Expects);
        errorText = Path(options.ErrorText);
        state = options.Every.IsOfAnswer ? Path(options.Every.When) : null;
        items = Path(options.Pages?.Items);
        total = Path(options.Pages?.Total);
        next = Path(options.Pages?.Path);
        since = Path(options.Patch?.Since);
    }

    /// <summary>Whether anything is read of answers that are errors by their status.</summary>
    public bool ReadsErrors => throttled is not null || budget.ReadsBodies;

    /// <summary>What an answer says of how much may be asked, as far as it isn't known what is in it.</summary>
    public IReadOnlyList<BudgetReport>? Reports(HttpResponseMessage response) => budget.Read(response);

    /// <summary>Reads an answer that is an error by its status.</summary>
    /// <param name="json">Its body, which may be anything.</param>
    /// <param name="response">Its headers.</param>
    /// <returns>What it says of how much may be asked.</returns>
    public AnswerBudget ReadError(ReadOnlySpan<byte> json, HttpResponseMessage response)
    {
        lock (@lock)
        {
            return tape.TryRead(json, out var body) ? Judge(body, response) : new AnswerBudget(Reports(response));
        }
    }

    /// <summary>Reads an answer.</summary>
    /// <param name="json">Its body.</param>
    /// <param name="response">Its headers.</param>
    /// <param name="facts">What it says.</param>
    /// <param name="failure">The class of what is wrong.</param>
    /// <param name="said">What it says of how much may be asked.</param>
    /// <returns>Why it is no good answer, without secrets; null when it is one.</returns>
    public string? Read(ReadOnlySpan<byte> json, HttpResponseMessage response, out AnswerFacts facts, out FailureClass failure, out AnswerBudget said)
    {
        facts = new AnswerFacts();
        failure = FailureClass.Malformed;
        said = default;
        if (!options.ReadsAnswers && !budget.ReadsBodies)
        {
            return null;
        }

        // One at a time: the tape of a large answer is larger than the answer.
        lock (@lock)
        {
            if (!tape.TryRead(json, out var body))
            {
                return tape.Error;
            }

            said = Judge(body, response);
            if (said.IsThrottled)
            {
                return $"the answer asks for fewer requests: {Error(body)}";
            }

            if (failsWhen?.Holds(body) == true)
            {
                failure = FailureClass.InBand;
                return $"the answer is an error: {Error(body)}";
            }

            if (expects?.Holds(body) == false)
            {
                failure = FailureClass.InBand;
                return $"the answer lacks what is expected, {options.Expects}: {Error(body)}";
            }

            facts = new AnswerFacts(
                State(body),
                Items(body),
                long.TryParse(total?.Find(body, response), NumberStyles.None, CultureInfo.InvariantCulture, out var all) ? all : null,
                options.Pages?.By == PagesOptions.ByLink ? LinkHeader.Next(AnswerPath.HeaderOf(response, "Link")) : next?.Find(body, response),
                since?.Find(body, response) is { Length: > 0 and <= MaxNext } version ? version : null);
            return facts.Next?.Length > MaxNext ? $"what says where the next page is has more than {MaxNext} characters" : null;
        }
    }

    private AnswerBudget Judge(JsonValue body, HttpResponseMessage response)
    {
        TimeSpan? after = null;
        var isThrottled = throttled?.Is(body, response, out after) == true;
        return new AnswerBudget(budget.Read(response, body), isThrottled, after);
    }

    private string Error(JsonValue body) => ErrorText.Of(errorText is not null && errorText.TryGet(body, out var text) ? text : body, redact);

    /// <summary>Of several values the one that wants the shortest interval; null for one that has none of its own.</summary>
    private string? State(JsonValue body)
    {
        if (state is null)
        {
            return null;
        }

        var every = options.Every;
        var (found, any) = ((string?)null, false);
        foreach (var match in state.Select(body))
        {
            var text = match.Kind switch { JsonKind.True => "true", JsonKind.False => "false", _ => match.GetText() };
            if (text is not null && (!any || every.For(text) < every.For(found)))
            {
                (found, any) = (every.Values.ContainsKey(text) ? text : null, true);
            }
        }

        return found;
    }

    private long? Items(JsonValue body)
    {
        long? count = null;
        if (items is null)
        {
            return null;
        }

        foreach (var list in items.Select(body))
        {
            count = (count ?? 0) + list.Count;
        }

        return count;
    }

    private static AnswerPath? Path(string? text) => text is null ? null : new AnswerPath(text);

    private static DocumentCondition? Condition(string? text) => text is null ? null
        : DocumentCondition.TryParse(text, out var condition, out var error) ? condition
        : throw new FormatException(error);
}
