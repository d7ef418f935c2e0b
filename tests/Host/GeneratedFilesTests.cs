namespace StreamEngine.Host.Tests;

public sealed class GeneratedFilesTests
{
    [Theory]
    [InlineData("pipeline.schema.json", "schema")]
    [InlineData("docs/configuration.md", "schema", "--reference")]
    public async Task Committed_files_are_what_the_program_generates(string file, params string[] arguments)
    {
        var (code, output, error) = await HostProcess.RunAsync(Repo.Root, arguments);

        Assert.Equal("", error);
        Assert.Equal(0, code);
        Assert.True(Repo.Read(file) == output, $"{file} is out of date; run: dotnet run --project src/Host -- {string.Join(' ', arguments)} > {file}");
    }
}
