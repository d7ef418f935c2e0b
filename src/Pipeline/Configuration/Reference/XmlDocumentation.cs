using System.Collections.Concurrent;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using StreamEngine.Pipeline.Configuration.Binding;

namespace StreamEngine.Pipeline.Configuration.Reference;

/// <summary>The summaries of options records, from the documentation files beside their assemblies; empty without one.</summary>
internal static partial class XmlDocumentation
{
    private static readonly ConcurrentDictionary<Assembly, IReadOnlyDictionary<string, string>> Files = new();

    public static string Of(Type type) => Find(type.Assembly, $"T:{NameOf(type)}");

    public static string Of(PropertyInfo property) => Find(property.DeclaringType!.Assembly, $"P:{NameOf(property.DeclaringType)}.{property.Name}");

    private static string NameOf(Type type) => type.FullName!.Replace('+', '.');

    private static string Find(Assembly assembly, string member) => Files.GetOrAdd(assembly, Load).GetValueOrDefault(member, "");

    private static Dictionary<string, string> Load(Assembly assembly)
    {
        var path = Path.Combine(AppContext.BaseDirectory, assembly.GetName().Name + ".xml");
        return !File.Exists(path) ? [] : XDocument.Load(path).Descendants("member")
            .Where(m => m.Element("summary") is not null)
            .ToDictionary(m => (string)m.Attribute("name")!, m => TextOf(m.Element("summary")!), StringComparer.Ordinal);
    }

    private static string TextOf(XElement summary)
    {
        var text = new StringBuilder();
        foreach (var node in summary.DescendantNodes())
        {
            text.Append(node switch
            {
                XText { Parent.Name.LocalName: "c" } code => $"`{code.Value}`",
                XText plain => plain.Value,
                XElement { Name.LocalName: "see" } see => $"`{ReferredName((string?)see.Attribute("cref") ?? (string?)see.Attribute("langword") ?? "")}`",
                _ => "",
            });
        }

        return Space().Replace(text.ToString(), " ").Trim();
    }

    // A property is a setting to the operator.
    private static string ReferredName(string reference)
    {
        var name = reference[(reference.LastIndexOf('.') + 1)..];
        return reference.StartsWith("P:", StringComparison.Ordinal) ? SettingsType.CamelCase(name) : name;
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Space();
}
