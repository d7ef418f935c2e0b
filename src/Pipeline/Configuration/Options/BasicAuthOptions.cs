using System.Text;

namespace StreamEngine.Pipeline.Configuration;

/// <summary>A user and a password.</summary>
public sealed record BasicAuthOptions
{
    /// <summary>The user, or the client's id; without a colon.</summary>
    [RequiredSetting]
    public string User { get; init; } = "";

    /// <summary>The password, or the client's secret.</summary>
    [RequiredSetting]
    [Secret]
    public string Password { get; init; } = "";

    /// <summary>Both as they are sent (RFC 7617).</summary>
    public string Credentials() => Convert.ToBase64String(Encoding.UTF8.GetBytes($"{User}:{Password}"));
}
