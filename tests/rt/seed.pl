# Fills an empty Request Tracker with a queue, rights and people, and prints each person's token as JSON.
# Run with RT_SITE_CONFIG set: perl -I /usr/share/request-tracker5/lib seed.pl
use strict;
use warnings;
use JSON;
use RT;

RT->LoadConfig;
RT->Init;

sub must {
    my ( $ok, $message, @more ) = @_;
    die "$message\n" unless $ok;
    return @more;
}

sub grant {
    my ( $group, @rights ) = @_;
    must( $group->PrincipalObj->GrantRight( Right => $_, Object => RT->System ) ) for @rights;
}

must( RT::Queue->new( RT->SystemUser )->Create( Name => 'Training', Description => 'Courses and enrolment' ) );

# What a helpdesk's people have, and no more: a sync that needs an administrator's rights would be found out here.
my $helpdesk = RT::Group->new( RT->SystemUser );
must( $helpdesk->CreateUserDefinedGroup( Name => 'Helpdesk' ) );
grant( $helpdesk, qw(SeeQueue ShowTicket ShowTicketComments CreateTicket ReplyToTicket CommentOnTicket ModifyTicket OwnTicket) );

my $everyone = RT::Group->new( RT->SystemUser );
$everyone->LoadSystemInternalGroup('Everyone');
grant( $everyone, qw(SeeQueue CreateTicket) );
grant( RT->System->RoleGroup('Requestor'), qw(ShowTicket ReplyToTicket) );

my @people = (
    { Name => 'glidepath', RealName => 'Glidepath',      Privileged => 1 },
    { Name => 'agent',     RealName => 'Ann Agent',      Privileged => 1 },
    { Name => 'requester', RealName => 'Rita Requester', Privileged => 0 },
);
for my $person (@people) {
    my $user = RT::User->new( RT->SystemUser );
    must( $user->Create( %$person, EmailAddress => "$person->{Name}\@example.com", Password => $ENV{RT_PASSWORD} ) );
    must( $helpdesk->AddMember( $user->PrincipalId ) ) if $person->{Privileged};
}

my %tokens;
for my $name ( 'root', map { $_->{Name} } @people ) {
    my $user = RT::User->new( RT->SystemUser );
    $user->Load($name);
    my $token = RT::AuthToken->new( RT->SystemUser );
    ( $tokens{$name} ) = must( $token->Create( Owner => $user->Id, Description => 'Glidepath tests' ) );
}
print encode_json( \%tokens ), "\n";
