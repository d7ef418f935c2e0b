using System.Text;
using System.Text.RegularExpressions;
using StreamEngine.Pipeline.Configuration.Faults;
using StreamEngine.Pipeline.Configuration.Json;

namespace StreamEngine.Pipeline.Configuration.Substitution;

/// <summary>
/// Replaces <c>${NAME}</c>, <c>${NAME:default}</c> and <c>${file:PATH}</c> in texts; <c>$${</c> stands for <c>${</c>. It works on
/// parsed texts, so that a value can never change the structure.
/// </summary>
internal sealed partial class Substituter(Func<string, string?> environment, string baseDirectory, FaultList faults)
{
    private const int MaxFileBytes = 64 << 10;
    private const string FilePrefix = "file:";

    /// <summary>The text that substitutes to <paramref name="text"/> unchanged.</summary>
    public static string Escape(string text) => text.Replace("${", "$${", StringComparison.Ordinal);

    public void Apply(ConfigNode node, string path)
    {
        foreach (var member in node.Members)
        {
            Apply(member.Value, SettingPath.Child(path, member.Name));
        }

        for (var i = 0; i < node.Items.Count; i++)
        {
            Apply(node.Items[i], SettingPath.Item(path, i));
        }

        if (node.Kind == NodeKind.Text && node.Text.Contains("${", StringComparison.Ordinal))
        {
            ApplyText(node, path);
        }
    }

    private void ApplyText(ConfigNode node, string path)
    {
        var result = new StringBuilder();
        var text = node.Text;
        var substituted = false;
        for (var at = 0; at < text.Length;)
        {
            if (string.CompareOrdinal(text, at, "$${", 0, 3) == 0)
            {
                result.Append("${");
                at += 3;
            }
            else if (string.CompareOrdinal(text, at, "${", 0, 2) == 0)
            {
                var end = text.IndexOf('}', at);
                var value = end < 0 ? Fail(node, path, "'${' has no '}'; close it, or write '$${' for a literal '${'") : ValueOf(text[(at + 2)..end], node, path);
                if (value is null)
                {
                    node.IsBroken = true;
                    return;
                }

                substituted = true;
                result.Append(value);
                at = end + 1;
            }
            else
            {
                result.Append(text[at++]);
            }
        }

        if (substituted)
        {
            node.Substitute(result.ToString());
        }
        else
        {
            node.Unescape(result.ToString());
        }
    }

    private string? ValueOf(string reference, ConfigNode node, string path)
    {
        if (reference.StartsWith(FilePrefix, StringComparison.Ordinal))
        {
            return FileText(reference[FilePrefix.Length..], node, path);
        }

        var colon = reference.IndexOf(':', StringComparison.Ordinal);
        var name = colon < 0 ? reference : reference[..colon];
        if (!VariableName().IsMatch(name))
        {
            return Fail(node, path, $"'{name}' is not the name of an environment variable; write '${{NAME}}', or '$${{' for a literal '${{'");
        }

        var value = environment(name);
        // As in a shell's ${NAME:-default}: an empty variable counts as unset when there is a default.
        if (colon >= 0 && string.IsNullOrEmpty(value))
        {
            return reference[(colon + 1)..];
        }

        if (value is null)
        {
            return Fail(node, path, $"the environment variable {name} is not set; set it, or give a default: '${{{name}:default}}'");
        }

        faults.Hide(value, $"${{{name}}}");
        return value;
    }

    private string? FileText(string file, ConfigNode node, string path)
    {
        try
        {
            using var stream = File.OpenRead(Path.GetFullPath(file, baseDirectory));
            var buffer = new byte[MaxFileBytes + 1];
            var length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            if (length > MaxFileBytes)
            {
                return Fail(node, path, $"'{file}' has more than {new ByteSize(MaxFileBytes)}; a substituted file holds one short value");
            }

            var text = Encoding.UTF8.GetString(buffer, 0, length);
            text = text.EndsWith('\n') ? text[..^1] : text;
            text = text.EndsWith('\r') ? text[..^1] : text;
            faults.Hide(text, $"${{{FilePrefix}{file}}}");
            return text;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return Fail(node, path, $"the file '{file}' can't be read ({(e is FileNotFoundException or DirectoryNotFoundException ? "it does not exist" : e.GetType().Name)}); create it, or correct its name");
        }
    }

    private string? Fail(ConfigNode node, string path, string message)
    {
        faults.Error(node.Place, path, message);
        return null;
    }

    [GeneratedRegex("^[A-Za-z_][A-Za-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex VariableName();
}
