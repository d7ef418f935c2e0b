using StreamEngine.Host.Running;
using StreamEngine.Pipeline.Configuration;

namespace StreamEngine.Host.Cli;

/// <summary><c>schema</c>: prints what is generated from the option records.</summary>
internal static class SchemaCommand
{
    public static int Execute(bool reference)
    {
        Console.Out.Write((reference ? SettingsReference.Generate(Catalog.All) : JsonSchema.Generate(Catalog.All)).TrimEnd() + "\n");
        return ExitCodes.Ok;
    }
}
