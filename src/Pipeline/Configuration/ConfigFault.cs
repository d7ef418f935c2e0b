namespace StreamEngine.Pipeline.Configuration;

/// <summary>How bad a fault is.</summary>
public enum FaultSeverity
{
    /// <summary>It runs, but perhaps not as meant.</summary>
    Warning,

    /// <summary>Nothing is started.</summary>
    Error,
}

/// <summary>One thing wrong with a config, where it stands and what to do.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="File">The file as the operator named it.</param>
/// <param name="Line">Line, from 1.</param>
/// <param name="Column">Column, from 1, in characters.</param>
/// <param name="Path">The setting, such as <c>providers.mlb.throttle.perMinute</c>; empty for the file as a whole.</param>
/// <param name="Message">What was expected, and the remedy.</param>
public sealed record ConfigFault(FaultSeverity Severity, string File, int Line, int Column, string Path, string Message)
{
    /// <summary><c>file(line,column): error: path: message</c>, which editors and CI systems can follow.</summary>
    public override string ToString() =>
        $"{File}({Line},{Column}): {(Severity == FaultSeverity.Error ? "error" : "warning")}: {(Path.Length > 0 ? Path + ": " : "")}{Message}";
}
