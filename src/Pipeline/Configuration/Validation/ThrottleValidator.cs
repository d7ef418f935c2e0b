using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Mapping;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Windows must be ones that can be kept, and there must be one.</summary>
internal static class ThrottleValidator
{
    private const int MostWindows = 16;
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan ShortestFixed = TimeSpan.FromSeconds(1);

    /// <param name="subject">The config.</param>
    /// <param name="path">The throttle's path.</param>
    /// <param name="throttle">The throttle.</param>
    public static void Validate(ValidationSubject subject, string path, ThrottleOptions throttle)
    {
        if (subject.IsMisbound(path))
        {
            return;
        }

        var limits = throttle.Limits();
        if (limits.Count == 0)
        {
            subject.Error(path, "allows any number of requests; give at least one of perSecond, perMinute, perHour, perDay, perMonth and windows");
        }

        CheckZone(subject, $"{path}.zone", throttle.Zone);
        CheckReports(subject, $"{path}.reports", throttle.Reports ?? [], [.. limits.Select(l => l.Name)]);
        if (throttle.Windows.Count > MostWindows)
        {
            subject.Error($"{path}.windows", $"has {throttle.Windows.Count} windows; leave {MostWindows}: those that the others don't imply");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < throttle.Windows.Count; i++)
        {
            var window = throttle.Windows[i];
            var at = subject.Written(SettingPath.Item($"{path}.windows", i));
            Check(subject, at, window);
            if (!names.Add(window.Limited(throttle.Zone).Name))
            {
                subject.Error(at, "states the same kind of window again; leave the one with the lower limit");
            }
        }
    }

    private static void CheckReports(ValidationSubject subject, string path, IReadOnlyList<ReportOptions> reports, IReadOnlyList<string> windows)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < reports.Count; i++)
        {
            var at = subject.Written(SettingPath.Item(path, i));
            var report = reports[i];
            if (report.Window.Length > 0 && !windows.Contains(report.Window))
            {
                subject.Error($"{at}.window", $"there is no window '{report.Window}'; {Suggestion.Hint(report.Window, windows, "state its limit, the one that you know of")}");
            }
            else if (!seen.Add(report.Window))
            {
                subject.Error(at, $"speaks of window '{report.Window}' again; leave one");
            }

            if (report.Remaining is null && report.Used is null && report.Limit is null)
            {
                subject.Error(at, "says nothing; give 'remaining', 'used' or 'limit'");
            }

            foreach (var (setting, text) in report.Paths())
            {
                if (!MappingPath.TryParse(text, out var parsed, out var error))
                {
                    subject.Error($"{at}.{setting}", error);
                }
                else if (parsed.NeedsContext && parsed.Header is null)
                {
                    subject.Error($"{at}.{setting}", $"'{text}' looks beyond the answer; name a header, such as @header('X-Requests-Remaining'), or a path from its beginning, such as $.usage.remaining");
                }
            }
        }
    }

    private static void Check(ValidationSubject subject, string path, WindowOptions window)
    {
        var per = window.Per!.Value.Value;
        var isFixed = window.Kind == WindowOptions.Fixed;
        if (window.Zone is { } zone)
        {
            CheckZone(subject, $"{path}.zone", zone);
            if (!isFixed || per < Day)
            {
                subject.Error($"{path}.zone", $"has no meaning for {(isFixed ? "windows shorter than a day" : "sliding windows")}; remove it{(isFixed ? "" : ", or write \"kind\": \"fixed\"")}");
            }
        }

        if (!isFixed)
        {
            if (window.Skew is not null)
            {
                subject.Error($"{path}.skew", "is for the borders of fixed windows; remove it, or write \"kind\": \"fixed\"");
            }

            return;
        }

        if (per < ShortestFixed || (per > Day && per.Ticks % Day.Ticks != 0))
        {
            subject.Error($"{path}.per", $"a fixed window has at least a second and at most a day, or whole days, found {window.Per}; write it so, or make it sliding");
        }
        else if (window.Skew?.Value * 2 >= per)
        {
            subject.Error($"{path}.skew", $"must be less than half of the window of {window.Per}, found {window.Skew}");
        }
    }

    private static void CheckZone(ValidationSubject subject, string path, string zone)
    {
        if (!TimeZoneInfo.TryFindSystemTimeZoneById(zone, out _))
        {
            subject.Error(path, $"'{zone}' is no time zone this machine knows; write one like America/New_York");
        }
    }
}
