using StreamEngine.Pipeline.Conditions;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Sources.Http;

/// <summary>Recognises answers that ask for fewer requests in words, whatever their status is.</summary>
/// <param name="when">The condition that they satisfy; it is known to parse.</param>
/// <param name="retryAfter">The path at which they say how long to wait.</param>
/// <param name="time">The clock.</param>
internal sealed class ThrottledAnswer(string when, string? retryAfter, TimeProvider time)
{
    private readonly DocumentCondition condition = DocumentCondition.TryParse(when, out var parsed, out var error) ? parsed : throw new FormatException(error);
    private readonly AnswerPath? wait = retryAfter is null ? null : new AnswerPath(retryAfter);

    /// <summary>Whether an answer is one.</summary>
    /// <param name="body">Its JSON.</param>
    /// <param name="response">Its headers.</param>
    /// <param name="after">How long it asks to wait; null when it doesn't say.</param>
    public bool Is(JsonValue body, HttpResponseMessage response, out TimeSpan? after)
    {
        after = null;
        if (!condition.Holds(body))
        {
            return false;
        }

        after = AnswerTime.Until(wait?.Find(body, response), response, time) is { Ticks: > 0 } stated ? stated : AnswerTime.RetryAfter(response, time);
        return true;
    }
}
