using System.Globalization;
using System.Text.RegularExpressions;
using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>Names must be usable in paths, metrics and URLs, and mean one block only.</summary>
internal static partial class NameValidator
{
    public const string Pattern = "^[A-Za-z][A-Za-z0-9_-]*$";
    private static readonly string[] BlockGroups = ["sources", "transforms", "sinks"];

    public static void Validate(ValidationSubject subject)
    {
        foreach (var group in BlockGroups.Append("records").Append("providers"))
        {
            foreach (var name in subject.NamesIn(group))
            {
                CheckName(subject, SettingPath.Child(group, name), name);
            }
        }

        foreach (var record in subject.NamesIn("records"))
        {
            foreach (var field in subject.NamesIn("records", record))
            {
                CheckName(subject, SettingPath.Child(SettingPath.Child("records", record), field), field);
            }
        }

        CheckBlocks(subject);
    }

    private static void CheckName(ValidationSubject subject, string path, string name)
    {
        if (!Name().IsMatch(name))
        {
            subject.ErrorAtKey(path, $"'{name}' is not a name; a name begins with a letter and goes on with letters, digits, '_' or '-'");
        }
    }

    private static void CheckBlocks(ValidationSubject subject)
    {
        var taken = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in BlockGroups)
        {
            foreach (var name in subject.NamesIn(group))
            {
                if (!taken.TryAdd(name, group))
                {
                    var line = subject.LineOf(SettingPath.Child(taken[name], name)).ToString(CultureInfo.InvariantCulture);
                    subject.ErrorAtKey(SettingPath.Child(group, name), $"the name '{name}' is taken by one of the {taken[name]} (line {line}); rename one of them");
                }
            }
        }
    }

    [GeneratedRegex(Pattern, RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
