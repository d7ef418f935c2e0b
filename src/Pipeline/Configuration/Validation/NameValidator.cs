using System.Globalization;
using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>A name means one block only, whatever its kind: metrics and <c>from</c> don't say which kind they mean.</summary>
internal static class NameValidator
{
    private static readonly string[] Groups = ["sources", "transforms", "sinks"];

    public static void Validate(ValidationSubject subject)
    {
        var taken = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var group in Groups)
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
}
