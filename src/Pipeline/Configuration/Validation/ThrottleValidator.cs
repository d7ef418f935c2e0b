using StreamEngine.Pipeline.Configuration.Faults;

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
