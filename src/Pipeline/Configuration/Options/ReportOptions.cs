namespace StreamEngine.Pipeline.Configuration;

/// <summary>
/// Where answers say what the provider has counted in a window: each a header, such as <c>@header('X-Requests-Remaining')</c>, or a path into a JSON
/// answer, such as <c>$.usage.remaining</c>. What isn't there, or is no number, says nothing.
/// </summary>
public sealed record ReportOptions
{
    /// <summary>The window that is spoken of: <c>second</c>, <c>minute</c>, <c>hour</c>, <c>day</c>, <c>month</c>, or one of <c>windows</c> as the status names it, such as <c>1d-fixed</c>.</summary>
    [RequiredSetting]
    public string Window { get; init; } = "";

    /// <summary>What the provider allows yet.</summary>
    public string? Remaining { get; init; }

    /// <summary>What it has counted, where it doesn't say what is left.</summary>
    public string? Used { get; init; }

    /// <summary>What it allows in all; one lower than that of the window holds instead of it.</summary>
    public string? Limit { get; init; }

    /// <summary>When the window begins anew: seconds from now, a time in seconds or milliseconds since 1970, or a date.</summary>
    public string? Resets { get; init; }

    /// <summary>All that are stated, by the names of their settings.</summary>
    internal IEnumerable<(string Setting, string Text)> Paths()
    {
        (string Setting, string? Text)[] all = [("remaining", Remaining), ("used", Used), ("limit", Limit), ("resets", Resets)];
        return all.Where(p => p.Text is not null).Select(p => (p.Setting, p.Text!));
    }
}
