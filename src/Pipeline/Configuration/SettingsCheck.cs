using StreamEngine.Pipeline.Configuration.Validation;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>Where the faults of a <see cref="SettingsFile"/> are reported.</summary>
public sealed class SettingsCheck
{
    private readonly ValidationSubject subject;
    private readonly string baseDirectory;

    internal SettingsCheck(ValidationSubject subject, string baseDirectory)
    {
        this.subject = subject;
        this.baseDirectory = baseDirectory;
    }

    /// <summary>Reports an error.</summary>
    /// <param name="path">The setting, such as <c>faults[0].status</c>.</param>
    /// <param name="message">What was expected, and the remedy.</param>
    public void Error(string path, string message) => subject.Error(path, message);

    /// <summary>Whether the setting or anything in it could not be bound: that is reported already.</summary>
    public bool IsMisbound(string path) => subject.IsMisbound(path);

    /// <summary>Full path of a file, which counts from the folder of the settings.</summary>
    public string FullPath(string path) => Path.GetFullPath(path, baseDirectory);

    /// <summary>Reports what is wrong with a throttle.</summary>
    public void Throttle(string path, ThrottleOptions throttle)
    {
        ArgumentNullException.ThrowIfNull(throttle);
        ThrottleValidator.Validate(subject, path, throttle);
    }
}
